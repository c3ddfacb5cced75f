// The part of Asio that is no template, compiled once and not in each file that includes it.
#include <boost/asio/impl/src.hpp>
