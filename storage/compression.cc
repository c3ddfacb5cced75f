#include "storage/compression.h"

#include <brotli/decode.h>
#include <brotli/encode.h>

#include <algorithm>
#include <memory>

#include "ot/check.h"

namespace coedit::storage {
namespace {

constexpr int kQuickQuality = 5;
constexpr int kBestQuality = 11;
// Reaches over everything that is packed together; the decoder's memory grows with it.
constexpr int kWindowBits = 22;
constexpr size_t kFirstPieceBytes = size_t{64} << 10;

struct DestroyDecoder {
  void operator()(BrotliDecoderState* decoder) const { BrotliDecoderDestroyInstance(decoder); }
};

}  // namespace

std::string Compress(absl::string_view bytes, Content content, Effort effort) {
  if (bytes.empty()) return {};
  size_t size = BrotliEncoderMaxCompressedSize(bytes.size());
  COEDIT_CHECK(size > 0);
  std::string compressed(size, '\0');
  const bool done =
      BrotliEncoderCompress(effort == Effort::kBest ? kBestQuality : kQuickQuality, kWindowBits,
                            content == Content::kText ? BROTLI_MODE_TEXT : BROTLI_MODE_GENERIC,
                            bytes.size(), reinterpret_cast<const uint8_t*>(bytes.data()), &size,
                            reinterpret_cast<uint8_t*>(compressed.data()));
  COEDIT_CHECK(done);
  compressed.resize(size);
  return compressed;
}

bool Decompress(absl::string_view compressed, size_t size, std::string* bytes) {
  bytes->clear();
  if (size == 0) return compressed.empty();
  const std::unique_ptr<BrotliDecoderState, DestroyDecoder> decoder(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr));
  COEDIT_CHECK(decoder != nullptr);
  size_t in_bytes = compressed.size();
  const auto* in = reinterpret_cast<const uint8_t*>(compressed.data());
  size_t done_bytes = 0;
  for (;;) {
    if (done_bytes == bytes->size()) {
      // One byte more than promised shows a stream that goes on.
      const size_t room = std::min(std::max(2 * done_bytes, kFirstPieceBytes), size + 1);
      if (room == done_bytes) return false;
      bytes->resize(room);
    }
    size_t out_bytes = bytes->size() - done_bytes;
    auto* out = reinterpret_cast<uint8_t*>(bytes->data()) + done_bytes;
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(decoder.get(), &in_bytes, &in, &out_bytes, &out, nullptr);
    done_bytes = bytes->size() - out_bytes;
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) continue;
    bytes->resize(done_bytes);
    return result == BROTLI_DECODER_RESULT_SUCCESS && in_bytes == 0 && done_bytes == size;
  }
}

}  // namespace coedit::storage
