#include "tests/ot/model.h"

#include <cstdint>
#include <cstdlib>
#include <utility>

namespace coedit::ot::testing {
namespace {

Model::Format ToFormat(const Attributes& attributes) {
  Model::Format format;
  for (const Attributes::Entry& entry : attributes.entries()) format[entry.key] = entry.value;
  return format;
}

Attributes ToAttributes(const Model::Format& format) {
  std::vector<Attributes::Entry> entries;
  for (const auto& [key, value] : format) entries.push_back({key, value});
  return Attributes(std::move(entries));
}

void SetFormats(const Attributes& change, Model::Format* format) {
  for (const Attributes::Entry& entry : change.entries()) {
    if (entry.value == "null") {
      format->erase(entry.key);
    } else {
      (*format)[entry.key] = entry.value;
    }
  }
}

// A change, taken apart by where it acts on a text.
struct Acts {
  std::vector<std::vector<Model::Unit>> inserts;  // by gap
  std::vector<bool> deletes;                      // by unit
  std::vector<Attributes> formats;                // by unit
};

Acts ActsOf(const Delta& change, size_t length) {
  Acts acts{std::vector<std::vector<Model::Unit>>(length + 1), std::vector<bool>(length),
            std::vector<Attributes>(length)};
  size_t at = 0;
  for (const Component component : change) {
    if (component.IsInsert()) {
      Model piece(DeltaBuilder().Push(component).Build());
      std::vector<Model::Unit>& gap = acts.inserts.at(at);
      gap.insert(gap.end(), piece.units().begin(), piece.units().end());
      continue;
    }
    for (int64_t i = 0; i < component.length; ++i, ++at) {
      acts.deletes.at(at) = component.kind == Kind::kDelete;
      acts.formats.at(at) = component.attributes;
    }
  }
  return acts;
}

bool IsHigh(char16_t code) { return code >= 0xD800 && code < 0xDC00; }
bool IsLow(char16_t code) { return code >= 0xDC00 && code < 0xE000; }

}  // namespace

void Model::Apply(const Delta& change) {
  std::vector<Unit> result;
  result.reserve(units_.size());
  size_t at = 0;
  for (const Component component : change) {
    switch (component.kind) {
      case Kind::kRetain:
        for (int64_t i = 0; i < component.length; ++i) {
          Unit unit = std::move(units_.at(at++));
          SetFormats(component.attributes, &unit.format);
          result.push_back(std::move(unit));
        }
        break;
      case Kind::kDelete:
        for (int64_t i = 0; i < component.length; ++i) (void)units_.at(at++);
        break;
      case Kind::kInsert:
        for (const char16_t code : ToUtf16(component.text)) {
          result.push_back({code, "", ToFormat(component.attributes)});
        }
        break;
      case Kind::kEmbed:
        result.push_back({0, std::string(component.text), ToFormat(component.attributes)});
        break;
    }
  }
  for (; at < units_.size(); ++at) result.push_back(std::move(units_[at]));
  units_ = std::move(result);
}

Model Model::Merged(const Delta& left, const Delta& right) const {
  const Acts first = ActsOf(left, units_.size());
  const Acts second = ActsOf(right, units_.size());
  Model merged;
  for (size_t i = 0; i <= units_.size(); ++i) {
    for (const Acts* acts : {&first, &second}) {
      const std::vector<Unit>& gap = acts->inserts[i];
      merged.units_.insert(merged.units_.end(), gap.begin(), gap.end());
    }
    if (i == units_.size() || first.deletes[i] || second.deletes[i]) continue;
    Unit unit = units_[i];
    SetFormats(second.formats[i], &unit.format);
    SetFormats(first.formats[i], &unit.format);
    merged.units_.push_back(std::move(unit));
  }
  return merged;
}

Delta Model::ToDelta() const {
  DeltaBuilder out;
  for (size_t i = 0; i < units_.size();) {
    const Unit& unit = units_[i];
    if (!unit.embed.empty()) {
      out.InsertEmbed(unit.embed, ToAttributes(unit.format));
      ++i;
      continue;
    }
    std::u16string text;
    for (; i < units_.size() && units_[i].embed.empty() && units_[i].format == unit.format; ++i) {
      text.push_back(units_[i].code);
    }
    out.Insert(ToUtf8(text), ToAttributes(unit.format));
  }
  return out.Build();
}

bool Model::IsBoundary(size_t position) const {
  return position == 0 || position >= units_.size() || !IsHigh(units_[position - 1].code) ||
         !IsLow(units_[position].code);
}

std::u16string ToUtf16(absl::string_view utf8) {
  std::u16string out;
  for (size_t i = 0; i < utf8.size();) {
    const auto lead = static_cast<unsigned char>(utf8[i]);
    const size_t size = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (size == 0 || i + size > utf8.size()) std::abort();
    uint32_t code = size == 1 ? lead : lead & (0xFFu >> (size + 1));
    for (size_t j = 1; j < size; ++j) {
      code = code << 6 | (static_cast<unsigned char>(utf8[i + j]) & 0x3Fu);
    }
    i += size;
    if (code < 0x10000) {
      out.push_back(static_cast<char16_t>(code));
    } else {
      out.push_back(static_cast<char16_t>(0xD800 + ((code - 0x10000) >> 10)));
      out.push_back(static_cast<char16_t>(0xDC00 + ((code - 0x10000) & 0x3FF)));
    }
  }
  return out;
}

std::string ToUtf8(std::u16string_view utf16) {
  std::string out;
  for (size_t i = 0; i < utf16.size(); ++i) {
    uint32_t code = utf16[i];
    if (IsHigh(utf16[i])) {
      if (i + 1 == utf16.size() || !IsLow(utf16[i + 1])) std::abort();
      code = 0x10000 + ((code - 0xD800) << 10) + (utf16[++i] - 0xDC00u);
    }
    const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
      put(code);
    } else if (code < 0x800) {
      put(0xC0 | code >> 6);
      put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      put(0xE0 | code >> 12);
      put(0x80 | (code >> 6 & 0x3F));
      put(0x80 | (code & 0x3F));
    } else {
      put(0xF0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3F));
      put(0x80 | (code >> 6 & 0x3F));
      put(0x80 | (code & 0x3F));
    }
  }
  return out;
}

bool IsNormal(const Delta& delta) {
  bool first = true;
  Kind last_kind = Kind::kRetain;
  Attributes last_attributes;
  int64_t base = 0;
  int64_t target = 0;
  for (const Component component : delta) {
    const bool is_insert = component.IsInsert();
    if (component.length <= 0 || component.text.empty() == is_insert) return false;
    if (component.kind == Kind::kEmbed && component.length != 1) return false;
    if (component.kind == Kind::kDelete && !component.attributes.empty()) return false;
    if (!first) {
      if (is_insert && last_kind == Kind::kDelete) return false;
      if (component.kind == last_kind && component.kind != Kind::kEmbed &&
          component.attributes == last_attributes) {
        return false;
      }
    }
    if (!is_insert) base += component.length;
    if (component.kind != Kind::kDelete) target += component.length;
    first = false;
    last_kind = component.kind;
    last_attributes = component.attributes;
  }
  const bool chopped = first || last_kind != Kind::kRetain || !last_attributes.empty();
  return chopped && base == delta.base_length() && target == delta.target_length();
}

}  // namespace coedit::ot::testing
