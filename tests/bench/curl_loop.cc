// The baseline of `make bench-poll`: the cheapest client of libcurl, which polls tasks and ignores
// what they are. It exists so that the daemon's CPU time per call is compared with that of its HTTP
// library alone.
//
// bench_curl URL CA_FILE KEY_ID INSTANCE IN_FLIGHT RATE SECONDS <TASK_IDS
//
// Makes RATE calls per second, at most IN_FLIGHT at the same time; RATE 0: as many as it can. Each
// call is a QueryTask request of the same form as the daemon's: POST, HTTP/1.1, a new nonce. The
// signature is a constant: iotsim must not check it. Prints "CALLS FAILURES BYTES" when it ends,
// after SECONDS or by SIGTERM; BYTES is the size of all bodies. Exits with 1 if libcurl fails, with
// 64 after wrong arguments.
#include <curl/curl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

namespace {

volatile std::sig_atomic_t is_stopped = 0;
void stop(int) {
  is_stopped = 1;
}

void check(bool works, const char* what) {
  if (works) return;
  std::fprintf(stderr, "bench_curl: %s failed\n", what);
  std::exit(1);
}

std::size_t count_bytes(char*, std::size_t size, std::size_t count, void* total) {
  *static_cast<std::uint64_t*>(total) += size * count;
  return size * count;
}

constexpr const char* kEmptySha256 =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr int kNonceDigits = 32;
constexpr int kPollMs = 1000;

// One easy handle with its headers, used again for each of its calls.
class Caller {
 public:
  Caller(const std::string& ca_file, const std::string& key_id, std::uint64_t* bytes)
      : easy_(curl_easy_init()) {
    check(easy_ != nullptr, "curl_easy_init");
    std::array<char, 32> date{};
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::strftime(date.data(), date.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    add("x-acs-signature-nonce: " + std::string(kNonceDigits, '0'));
    nonce_ = headers_->data + std::string("x-acs-signature-nonce: ").size();
    add("x-acs-action: QueryTask");
    add(std::string("x-acs-content-sha256: ") + kEmptySha256);
    add(std::string("x-acs-date: ") + date.data());
    add("x-acs-version: 2018-01-20");
    add("authorization: ACS3-HMAC-SHA256 Credential=" + key_id +
        ",SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;"
        "x-acs-version,Signature=" +
        std::string(64, 'a'));
    add("accept: application/json");
    add("x-sdk-throttling-control: enable");
    add("content-type:");  // libcurl leaves this header out
    curl_easy_setopt(easy_, CURLOPT_PRIVATE, this);
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, headers_);
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDS, "");
    curl_easy_setopt(easy_, CURLOPT_POSTFIELDSIZE, 0L);
    curl_easy_setopt(easy_, CURLOPT_CAINFO, ca_file.c_str());
    curl_easy_setopt(easy_, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy_, CURLOPT_PROXY, "");
    curl_easy_setopt(easy_, CURLOPT_WRITEFUNCTION, &count_bytes);
    curl_easy_setopt(easy_, CURLOPT_WRITEDATA, bytes);
  }
  ~Caller() {
    curl_easy_cleanup(easy_);
    curl_slist_free_all(headers_);
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;

  CURL* start(const std::string& url, std::uint64_t number) {
    for (int i = kNonceDigits; number > 0; number /= 10) {
      nonce_[--i] = static_cast<char>('0' + number % 10);
    }
    curl_easy_setopt(easy_, CURLOPT_URL, url.c_str());
    return easy_;
  }

 private:
  void add(const std::string& line) {
    headers_ = curl_slist_append(headers_, line.c_str());
    check(headers_ != nullptr, "curl_slist_append");
  }

  CURL* easy_;
  curl_slist* headers_ = nullptr;
  char* nonce_ = nullptr;  // its digits within the first header
};

class Loop {
 public:
  Loop(std::vector<std::string> urls, const std::string& ca_file, const std::string& key_id,
       std::size_t in_flight, long rate)
      : urls_(std::move(urls)), multi_(curl_multi_init()), is_saturated_(rate == 0) {
    check(multi_ != nullptr, "curl_multi_init");
    for (std::size_t i = 0; i < in_flight; ++i)
      idle_.push_back(new Caller(ca_file, key_id, &bytes_));
    if (is_saturated_) return;
    timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    check(timer_ >= 0, "timerfd_create");
    const long gap = 1'000'000'000 / rate;
    const itimerspec every{{gap / 1'000'000'000, gap % 1'000'000'000}, {0, 1}};
    check(timerfd_settime(timer_, 0, &every, nullptr) == 0, "timerfd_settime");
  }

  void run(std::chrono::steady_clock::time_point end) {
    while (is_stopped == 0 && std::chrono::steady_clock::now() < end) {
      take_due();
      while (!idle_.empty() && (is_saturated_ || due_ > 0)) start();
      int running = 0;
      check(curl_multi_perform(multi_, &running) == CURLM_OK, "curl_multi_perform");
      if (finish() && is_saturated_) continue;
      curl_waitfd timer{timer_, CURL_WAIT_POLLIN, 0};
      check(curl_multi_poll(multi_, &timer, is_saturated_ ? 0 : 1, kPollMs, nullptr) == CURLM_OK,
            "curl_multi_poll");
    }
    std::printf("%llu %llu %llu\n", static_cast<unsigned long long>(calls_),
                static_cast<unsigned long long>(failures_),
                static_cast<unsigned long long>(bytes_));
  }

 private:
  void take_due() {
    std::uint64_t expirations = 0;
    if (!is_saturated_ && read(timer_, &expirations, sizeof expirations) > 0) due_ += expirations;
  }

  void start() {
    Caller* const caller = idle_.back();
    idle_.pop_back();
    if (!is_saturated_) --due_;
    ++started_;
    CURL* const easy = caller->start(urls_[started_ % urls_.size()], started_);
    check(curl_multi_add_handle(multi_, easy) == CURLM_OK, "curl_multi_add_handle");
  }

  // Returns whether a call has ended.
  bool finish() {
    bool has_ended = false;
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      CURL* const easy = message->easy_handle;
      long status = 0;
      Caller* caller = nullptr;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &caller);
      ++calls_;
      if (message->data.result != CURLE_OK || status != 200) ++failures_;
      curl_multi_remove_handle(multi_, easy);
      idle_.push_back(caller);
      has_ended = true;
    }
    return has_ended;
  }

  std::vector<std::string> urls_;
  CURLM* multi_;
  bool is_saturated_;
  int timer_ = -1;
  std::vector<Caller*> idle_;  // the process ends with them
  std::uint64_t due_ = 0, started_ = 0, calls_ = 0, failures_ = 0, bytes_ = 0;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 8) {
    std::fputs("usage: bench_curl URL CA_FILE KEY_ID INSTANCE IN_FLIGHT RATE SECONDS <TASK_IDS\n",
               stderr);
    return 64;
  }
  std::vector<std::string> urls;
  for (std::string id; std::getline(std::cin, id);) {
    urls.push_back(std::string(arguments[1]) + "/?IotInstanceId=" + arguments[4] + "&TaskId=" + id);
  }
  const long in_flight = std::atol(arguments[5]), rate = std::atol(arguments[6]);
  if (urls.empty() || in_flight <= 0 || rate < 0) return 64;
  std::signal(SIGTERM, stop);
  check(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK, "curl_global_init");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(std::atol(arguments[7]));
  Loop(std::move(urls), arguments[2], arguments[3], static_cast<std::size_t>(in_flight), rate)
      .run(end);
  return 0;
}
