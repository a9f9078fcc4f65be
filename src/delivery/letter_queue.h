// Records that did not become rows, until their dead letters are durable and positions behind them
// are stored.
//
// A record has one dead letter with the faults of all INSERTs that could make no row of it. So the
// letter is written when every other INSERT of the record has had its outcome. A fault is in one of
// these states, in this order:
//
//   waiting   a row of another INSERT is not written yet, and may still be refused
//   pending   the letter was given to DeadLetters and is not durable yet
//   ahead     the letter is durable, which is these INSERTs' outcome; no position past the record
//   is
//             stored yet. If somebody deletes the letter now, the record must be read again
//   passed    a position past the record is stored
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/retry.h"
#include "delivery/accounting.h"
#include "delivery/dead_letters.h"
#include "delivery/ledger.h"
#include "row/position.h"
#include "row/record.h"
#include "row/reject.h"

namespace turntable {

// How many reject codes there are.
inline constexpr size_t kRejectCodes = static_cast<size_t>(RejectCode::unmatched) + 1;

// One lane's. One thread.
class LetterQueue {
 public:
  // The parts outlive this.
  LetterQueue(std::unique_ptr<DeadLetters> letters, Ledger& ledger, Accounting& accounting,
              const Clock& clock, Backoff::Options retry);

  // The INSERT that the fault names, or every INSERT, can make no row of the record `fault.row` of
  // the batch, which stays where it is until the record is settled. Where the fault says drop,
  // that settles it. INSERTs of which nothing is awaited are passed over.
  void add(const RecordBatch& batch, const Origin& origin, Reject fault);

  // An INSERT of the record has had its outcome, and one is awaited from `left`.
  void settled(const Origin& origin, InsertSet left) {
    if (!waiting_.empty()) look_at(origin, left);
  }

  // Makes letters durable, at once or where the first of them is old enough, and settles their
  // records. What is transient is said once and tried again later. True where some have become
  // durable.
  [[nodiscard]] Result<bool> flush();
  [[nodiscard]] Result<bool> flush_if_due();

  // No fault is waiting or pending.
  [[nodiscard]] bool empty() const;
  [[nodiscard]] size_t pending_bytes() const { return letters_->pending_bytes(); }
  // The memory of faults that are waiting, without their records.
  [[nodiscard]] size_t waiting_bytes() const { return waiting_bytes_; }
  // The last flush has failed: only time helps.
  [[nodiscard]] bool failing() const { return retry_.failing(); }

  // Whether a letter may be lost if one of these positions is stored.
  [[nodiscard]] bool ahead_of(std::span<const Position> positions) const;
  // Finds out whether the letters that are ahead of their positions are still there; an error where
  // somebody has taken them away. Where nobody can say now, in_doubt() is true.
  [[nodiscard]] Status ask();
  // As ask(), ten times a second at most. False where they are in doubt, or it was not asked.
  [[nodiscard]] Result<bool> are_there();
  [[nodiscard]] bool in_doubt() const { return in_doubt_; }
  // The position is stored.
  void passed(PartitionId partition, Offset next);

  // The next flush and the next question are due at once, whatever has failed.
  void hurry();
  // To be called when partitions are revoked, and before they are assigned: forgets what is waiting
  // or ahead in them. Letters that are pending are still written.
  void forget(std::span<const PartitionId> partitions);

  [[nodiscard]] std::string name() const { return letters_->name(); }

  // For people: the last letters that are durable, at most kShownLimit, the newest last; how many
  // there were of each reason; how often they had to be written again, and why they have to be now
  // (empty where all is well).
  static constexpr size_t kShownLimit = 20;
  static constexpr size_t kShownCharactersLimit = 500;  // Of a record.
  struct Shown {
    int64_t time_us = 0;  // When it became durable; since 1970.
    RejectCode code = RejectCode::bad_value;
    std::string detail;
    PartitionId partition = 0;
    Offset offset = 0;
    std::string text;  // How the record begins, where it is text.
  };
  [[nodiscard]] const std::deque<Shown>& shown() const { return shown_; }
  [[nodiscard]] const std::array<uint64_t, kRejectCodes>& by_reason() const { return by_reason_; }
  [[nodiscard]] uint64_t retries() const { return retries_; }
  [[nodiscard]] std::string trouble() const { return failing() ? trouble_ : std::string(); }

 private:
  // A record with a fault, and other INSERTs that have not had their outcome.
  struct Waiting {
    const RecordBatch* batch = nullptr;
    std::vector<Reject> faults;
    InsertSet inserts;  // Of the faults.
    size_t bytes = 0;   // That they take.
  };
  // A record whose letter is on its way.
  struct Pending {
    Origin origin;
    Offset offset = 0;
    InsertSet unmatched;
    InsertSet rejected;
    RejectCode code = RejectCode::bad_value;  // The letter's own reason.
  };
  struct Hash {
    size_t operator()(const Origin& origin) const {
      return std::hash<uint64_t>()((static_cast<uint64_t>(origin.partition) << 40U) ^
                                   origin.ticket);
    }
  };
  struct Same {
    bool operator()(const Origin& a, const Origin& b) const {
      return a.partition == b.partition && a.epoch == b.epoch && a.ticket == b.ticket;
    }
  };

  void look_at(const Origin& origin, InsertSet left);
  void write(const RecordBatch& batch, const Origin& origin, std::span<const Reject> faults,
             InsertSet every_insert);
  void remember(const Record& record, const Reject& fault);
  void show_written();
  InsertSet settle(const Origin& origin, InsertSet inserts, Outcome outcome);

  const std::unique_ptr<DeadLetters> letters_;
  Ledger& ledger_;
  Accounting& accounting_;
  const Clock& clock_;
  std::unordered_map<Origin, Waiting, Hash, Same> waiting_;
  size_t waiting_bytes_ = 0;  // The sum of theirs.
  std::vector<Pending> pending_;
  SteadyTime pending_since_{};
  Retry retry_;
  // Durable letters without a stored position behind them: the last one of each partition.
  std::map<PartitionId, Offset> ahead_;
  bool in_doubt_ = false;  // Whether those are still there could not be found out.
  SteadyTime ask_at_{};
  std::deque<Shown> being_written_;  // Of the last letters that are pending.
  std::deque<Shown> shown_;
  std::array<uint64_t, kRejectCodes> by_reason_{};
  uint64_t retries_ = 0;
  std::string trouble_;
};

}  // namespace turntable
