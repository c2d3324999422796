// What is taken of one task file while other programs write it: what it adds in whole lines at
// once; what it takes away, and a last line without its end, only once it has been left alone for
// a while. A file that is being rewritten or replaced thus never loses a task, and half an id is
// not watched. Pure: the text and the time are given.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "config/parse.h"
#include "config/task_file.h"

namespace taskwatchd {

class FollowedFile {
 public:
  // What is gone from the file is dropped after it was left alone so long,
  static constexpr Duration kDropAfter = std::chrono::seconds(2);
  // and a last line without its end is taken after so long: a program that writes through a buffer
  // stops in the middle of a line, an editor that ends no last line does not go on.
  static constexpr Duration kLineAfter = std::chrono::seconds(5);
  // A file that is never left alone keeps what is gone from it for so long.
  static constexpr Duration kKeepAtMost = std::chrono::seconds(60);

  explicit FollowedFile(std::string path) { taken_.file = std::move(path); }

  // What the file holds now, or nothing if it is not there; `age` is how long ago it was written,
  // which counts when it is first seen. Returns whether taken() has changed.
  bool see(std::optional<std::string_view> text, Duration age, Mono now);

  const TaskFile& taken() const { return taken_; }
  // When to look again though nothing changes; nothing once all is taken as it stands.
  std::optional<Mono> due() const { return due_; }
  // Gone, and nothing is held of it.
  bool gone() const { return absent_ && !due_; }

 private:
  bool take(TaskFile fresh);

  TaskFile taken_;
  bool seen_ = false;
  bool absent_ = false;
  std::size_t digest_ = 0;  // of the text last seen
  Mono changed_{};          // when it became that
  std::optional<Mono> kept_since_;
  std::optional<Mono> due_;
};

}  // namespace taskwatchd
