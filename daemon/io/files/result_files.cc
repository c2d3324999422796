#include "io/files/result_files.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cassert>
#include <condition_variable>
#include <deque>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "io/off_loop.h"

namespace taskwatchd {

namespace asio = boost::asio;
using Answer = std::variant<DistributionResult, ResultFailure>;

namespace {

constexpr std::chrono::milliseconds kStopTime{400};

// A fetch() call that waits. The waiting coroutine owns it; the thread holds only a weak pointer,
// so that a timer is never destroyed on the wrong thread.
struct Waiting {
  explicit Waiting(const asio::any_io_executor& executor)
      : done(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer done;
  std::optional<Answer> answer;
};

struct Job {
  ResultRequest request;
  FileUrl where;
  std::weak_ptr<Waiting> waiting;
  // Allocated before the work: an answer exists even if memory is exhausted.
  std::shared_ptr<Answer> answer;
};

// Passes the answer to the coroutine, on the event loop.
struct Delivery {
  std::weak_ptr<Waiting> to;
  std::shared_ptr<Answer> answer;
  void operator()() {
    if (const auto waiting = to.lock()) {
      waiting->answer.emplace(std::move(*answer));
      waiting->done.cancel();
    }
  }
};

// A memory-mapped file: bytes are read on demand.
class Mapping {
 public:
  explicit Mapping(int file) {
    struct stat about {};
    if (::fstat(file, &about) != 0) return;
    is_good_ = true;
    size_ = static_cast<std::size_t>(about.st_size);
    if (size_ == 0) return;
    address_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    is_good_ = address_ != MAP_FAILED;
  }
  ~Mapping() { release(); }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  bool is_good() const { return is_good_; }
  std::string_view bytes() const { return {static_cast<const char*>(address_), size_}; }
  void release() {
    if (is_good_ && size_ > 0) ::munmap(address_, size_);
    size_ = 0;
  }

 private:
  void* address_ = nullptr;
  std::size_t size_ = 0;
  bool is_good_ = false;
};

Answer work(const Job& job, ResultFolder& folder, const ResultFilesOptions& options,
            FetchStop& stop) {
  auto begun = folder.begin();
  if (auto* const problem = std::get_if<std::string>(&begun)) {
    return ResultFailure{.message = std::move(*problem)};
  }
  const auto& draft = std::get<ResultFolder::Draft>(begun);
  const auto close = [](const int* file) { ::close(*file); };
  const std::unique_ptr<const int, decltype(close)> closes(&draft.file, close);
  ResultFetchOptions how = options.fetch;
  how.ca_file = job.request.ca_file;
  if (auto failure = fetch_result(job.request.url.reveal(), job.where, job.request.proxy,
                                  draft.file, how, stop)) {
    folder.discard(draft);
    return std::move(*failure);
  }
  if (std::string problem = folder.keep(draft, job.request.key); !problem.empty()) {
    return ResultFailure{.message = std::move(problem)};
  }
  Mapping mapping(draft.file);
  if (!mapping.is_good()) return ResultFailure{.message = "cannot read the saved result file"};
  const ReleaseBytes release = [&mapping] { mapping.release(); };
  return options.read ? options.read(mapping.bytes(), release)
                      : read_result_file(mapping.bytes(), {}, release);
}

// Catches every exception that a file's contents may cause.
void carry_out(const Job& job, ResultFolder& folder, const ResultFilesOptions& options,
               FetchStop& stop) {
  try {
    try {
      *job.answer = work(job, folder, options, stop);
    } catch (const std::bad_alloc&) {
      // The prepared answer already reports exhausted memory.
    } catch (const std::exception& odd) {
      *job.answer = ResultFailure{.message = std::string("it cannot be read: ") + odd.what(),
                                  .refused = true};
    }
  } catch (const std::bad_alloc&) {
    // No memory even for the message.
  }
  ::malloc_trim(0);  // returns a large file's memory to the system
}

}  // namespace

struct CurlResultFiles::Shared {
  Shared(asio::any_io_executor to, std::string path, ResultFilesOptions with)
      : options(std::move(with)), folder(std::move(path), options.keep), mailbox(std::move(to)) {}

  const ResultFilesOptions options;
  ResultFolder folder;  // used by the thread only
  FetchStop stop;
  std::thread thread;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Job> jobs;
  bool ended = false;
  Mailbox mailbox;
};

CurlResultFiles::CurlResultFiles(const asio::any_io_executor& executor, std::string folder,
                                 ResultFilesOptions options)
    : executor_(executor),
      shared_(std::make_shared<Shared>(executor, std::move(folder), std::move(options))) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    throw std::runtime_error("cannot start libcurl");
  }
}

// Starts the thread with the first file: most daemons never fetch one.
bool CurlResultFiles::start() {
  if (shared_->thread.joinable()) return true;
  try {
    shared_->thread = start_thread([shared = shared_] { run(shared); });
  } catch (const std::system_error&) {
    // The system's thread limit; handled below.
  }
  return shared_->thread.joinable();
}

CurlResultFiles::~CurlResultFiles() {
  if (!shared_->thread.joinable()) return;
  shared_->stop.stop();
  std::unique_lock hold(shared_->mutex);
  // Post these answers before the executor may be destroyed.
  for (const Job& job : shared_->jobs) {
    *job.answer = ResultFailure{.message = "the daemon is stopping"};
    asio::post(executor_, Delivery{job.waiting, job.answer});
  }
  shared_->jobs.clear();
  shared_->changed.notify_all();
  const bool ended = shared_->changed.wait_for(hold, kStopTime, [&] { return shared_->ended; });
  hold.unlock();
  shared_->mailbox.shut();
  // A hanging disk cannot be interrupted: the thread is detached and its answer discarded.
  ended ? shared_->thread.join() : shared_->thread.detach();
}

void CurlResultFiles::run(const std::shared_ptr<Shared>& shared) {
  for (;;) {
    std::unique_lock hold(shared->mutex);
    const auto stopped = [&] { return shared->stop.is_stopped(); };
    shared->changed.wait(hold, [&] { return stopped() || !shared->jobs.empty(); });
    if (stopped()) break;
    const Job job = std::move(shared->jobs.front());
    shared->jobs.pop_front();
    hold.unlock();
    carry_out(job, shared->folder, shared->options, shared->stop);
    shared->mailbox.post(Delivery{job.waiting, job.answer});
  }
  const std::lock_guard hold(shared->mutex);
  shared->ended = true;
  shared->changed.notify_all();
}

Awaitable<Answer> CurlResultFiles::fetch(ResultRequest request) {
  auto url = read_file_url(request.url.reveal(), request.hosts);
  if (auto* const problem = std::get_if<std::string>(&url)) {
    co_return ResultFailure{.message = std::move(*problem)};
  }
  auto& where = std::get<FileUrl>(url);
  if (where.scheme == "https") request.url = Secret(https_url(request.url.reveal(), where));
  if (!start()) co_return ResultFailure{.message = "cannot start a thread to download it"};
  const auto answer = std::make_shared<Answer>(
      ResultFailure{.message = "out of memory while reading it", .refused = true});
  const auto waiting = std::make_shared<Waiting>(executor_);
  {
    const std::lock_guard hold(shared_->mutex);
    if (shared_->jobs.size() >= shared_->options.waiting) {
      co_return ResultFailure{.message = "too many result files are waiting to be downloaded"};
    }
    shared_->jobs.push_back({std::move(request), std::move(where), waiting, answer});
  }
  shared_->changed.notify_all();
  boost::system::error_code ignored;
  auto token = asio::bind_cancellation_slot(asio::cancellation_slot(),
                                            asio::redirect_error(asio::use_awaitable, ignored));
  if (!waiting->answer) co_await waiting->done.async_wait(token);
  assert(waiting->answer);
  co_return std::move(*waiting->answer);
}

}  // namespace taskwatchd
