// Several lambdas as one visitor: std::visit(Overloaded{[](A&) {}, [](B&) {}}, variant).
#ifndef COEDIT_STORAGE_OVERLOADED_H_
#define COEDIT_STORAGE_OVERLOADED_H_

namespace coedit::storage {

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace coedit::storage

#endif  // COEDIT_STORAGE_OVERLOADED_H_
