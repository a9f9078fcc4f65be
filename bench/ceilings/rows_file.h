// A file of rows as they are handed to a store, ready to be sent again by a program that does
// nothing else. Numbers are in the machine's own order: the file is read where it was written.
//
//   length, text   the table's definition
//   length, text   the statement that inserts a row, in the keyspace KEYSPACE
//   length, text   the columns' types, with a blank between: "int text real"
//   then requests: number of rows, length, the rows' cells (row/cell.h)
//
// Lengths and numbers are uint32.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

inline constexpr std::string_view kKeyspacePlaceholder = "keyspace_of_the_run";

class RowsWriter {
 public:
  explicit RowsWriter(const std::string& path) : file_(std::fopen(path.c_str(), "wb")) {}
  ~RowsWriter() {
    if (file_ != nullptr) std::fclose(file_);
  }
  RowsWriter(const RowsWriter&) = delete;
  RowsWriter& operator=(const RowsWriter&) = delete;

  void text(std::string_view bytes) {
    number(static_cast<uint32_t>(bytes.size()));
    put(bytes.data(), bytes.size());
  }
  void request(size_t rows, std::string_view cells) {
    number(static_cast<uint32_t>(rows));
    text(cells);
  }
  // False where anything could not be written.
  [[nodiscard]] bool close() {
    if (file_ == nullptr) return false;
    const bool closed = std::fclose(file_) == 0;
    file_ = nullptr;
    return good_ && closed;
  }

 private:
  void number(uint32_t value) { put(&value, sizeof value); }
  void put(const void* bytes, size_t size) {
    good_ = file_ != nullptr && std::fwrite(bytes, 1, size, file_) == size && good_;
  }

  std::FILE* file_;
  bool good_ = true;
};

// The whole file in memory.
struct RowsFile {
  struct Request {
    uint32_t rows;
    std::string_view cells;
  };

  // False where the file cannot be read.
  [[nodiscard]] bool load(const std::string& path) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return false;
    std::fseek(file, 0, SEEK_END);
    bytes.resize(static_cast<size_t>(std::ftell(file)));
    std::fseek(file, 0, SEEK_SET);
    const bool read = std::fread(bytes.data(), 1, bytes.size(), file) == bytes.size();
    std::fclose(file);
    size_t at = 0;
    const auto number = [&] {
      uint32_t value;
      std::memcpy(&value, bytes.data() + at, sizeof value);
      at += sizeof value;
      return value;
    };
    const auto text = [&] {
      const uint32_t size = number();
      at += size;
      return std::string_view(bytes).substr(at - size, size);
    };
    definition = text();
    insert = text();
    types = text();
    while (at < bytes.size()) {
      const uint32_t rows = number();
      requests.push_back({rows, text()});
    }
    return read;
  }

  std::string bytes;
  std::string_view definition;
  std::string_view insert;
  std::string_view types;
  std::vector<Request> requests;
};

}  // namespace bench
