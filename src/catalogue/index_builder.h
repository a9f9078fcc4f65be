// Makes one index of a catalogue while the catalogue's rows are read. Inside catalogue/ only.
//
// Keys are computed part by part by many threads; they are added in the order of the file by one at
// a time.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "catalogue/catalogue.h"
#include "catalogue/flat_index.h"
#include "catalogue/key_form.h"
#include "row/arena.h"
#include "row/column.h"
#include "sql/evaluator.h"

namespace turntable {

// The column whose values an index takes as its keys, as they are; else it has keys of its own.
[[nodiscard]] std::optional<uint32_t> key_column(const IndexRule& rule, const Schema& schema);

// Sets to[at] to from[row], of the same type. Views stay views of the same bytes.
void copy_value(const Column& from, size_t row, Column& to, size_t at);

// The keys of one part's rows after another. One thread.
class IndexKeys {
 public:
  // `rule` and `schema` must outlive it.
  IndexKeys(const IndexRule& rule, const Schema& schema);

  // Of all rows of a part, whose columns stay where they are until the next call. Texts of keys
  // that the index keeps by itself are copied.
  void compute(std::span<const Column> columns, size_t rows);

  // In the form in which the index has them.
  [[nodiscard]] const Column& keys() const { return *keys_; }
  // The key's parts as a message shows them: "'a', 7".
  [[nodiscard]] std::string text(size_t row) const;
  // Why the key failed.
  [[nodiscard]] std::string why(size_t row) const;

  // Of all parts.
  [[nodiscard]] Arena take_texts() { return std::move(texts_); }

 private:
  const IndexRule& rule_;
  KeyForm form_;
  const bool is_column_;  // That of key_column().
  std::unique_ptr<sql::Evaluator> evaluator_;  // Where keys are expressions.
  std::vector<sql::TableInput> tables_;

  // Of the part at hand.
  std::vector<const Column*> parts_;
  Selection rows_;
  const Column* keys_ = nullptr;
  Column copies_;
  Arena texts_;
};

// One thread at a time.
class IndexBuilder {
 public:
  // For at most `rows` rows.
  IndexBuilder(const IndexRule& rule, const Schema& schema, size_t rows, bool last_counts);

  [[nodiscard]] std::optional<uint32_t> column() const { return column_; }

  struct Added {
    bool leads = false;                   // To that row.
    bool failed = false;                  // The key could not be computed,
    bool empty = false;                   // or there is none,
    std::optional<uint32_t> same = {};    // or an earlier row has it, to which it led until now.
  };
  // Adds row `row` of keys.keys() as row `at` of `columns`, the catalogue's, where an earlier one
  // may stand that is not to be kept.
  [[nodiscard]] Added add(const IndexKeys& keys, size_t row, std::vector<Column>& columns,
                          uint32_t at);

  // The keys, where they are not a column of the catalogue.
  [[nodiscard]] Column& own_keys() { return own_keys_; }
  [[nodiscard]] FlatIndex take() { return std::move(index_); }

 private:
  std::optional<uint32_t> column_;
  const bool last_counts_;
  Column own_keys_;
  FlatIndex index_;
};

}  // namespace turntable
