#include "simulation/sim_world.h"
#include "ports.h"

#include <algorithm>
#include <boost/asio/post.hpp>

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

constexpr Wall kBegin{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
constexpr Duration kCallTimeout = std::chrono::seconds(10);
const std::set<Api> kJobApis = {Api::kListTask, Api::kQueryJobStatistics, Api::kQueryJob};

std::int64_t ms(Wall t) {
  return t.time_since_epoch().count();
}

}  // namespace

// The simulated platform behind a one-way delay, with the transport failures that it orders.
class SimWorld::Http : public HttpClient {
 public:
  Http(SimWorld& sim, Clock& clock) : sim_(sim), clock_(clock) {}

  using HttpClient::send;
  Awaitable<HttpResult> send(HttpRequest request, Departed departed) override {
    ++in_flight;
    const HttpResult result = co_await exchange(std::move(request), std::move(departed));
    --in_flight;
    co_return result;
  }
  std::size_t in_flight = 0;

 private:
  Awaitable<HttpResult> exchange(HttpRequest request, Departed departed) {
    if (clock_.now().mono < known_at_) {
      const bool fails = sim_.options_.name_lookup_fails;
      const auto lookup = clock_.make_alarm();
      co_await lookup->wait_until(known_at_);
      if (fails) co_return TransportFailure{};
    }
    if (departed && !departed()) co_return TransportFailure{};
    for (const auto& [header, value] : request.headers) {
      if (header != "x-acs-action") continue;
      sim_.sends_us_[value].push_back(sim_.mono_before_us_ +
                                      clock_.now().mono.time_since_epoch().count());
    }
    const auto alarm = clock_.make_alarm();
    const Mono deadline = clock_.now().mono + kCallTimeout;
    co_await alarm->wait_until(clock_.now().mono + jittered());
    const iotsim::Request asked =
        iotsim::request_to(request.method, request.url, request.headers, request.body);
    const Now now = clock_.now();
    const iotsim::Response response = sim_.cloud_->handle(
        asked, {sim_.wall_ms(), sim_.mono_before_us_ + now.mono.time_since_epoch().count()});
    const Mono back = now.mono + jittered() + milliseconds(response.delay_ms);
    HttpResult result = carry(response);
    if (back >= deadline || response.delivery == iotsim::Delivery::kDripped) {
      co_await alarm->wait_until(deadline);
      TransportFailure late;
      late.kind = TransportFailure::Kind::kTimeout;
      co_return late;
    }
    co_await alarm->wait_until(back);
    co_return result;
  }
  Duration jittered() {
    const auto spread = static_cast<std::int64_t>(sim_.random_() % 2000);
    return sim_.options_.one_way + Duration(spread);
  }
  static HttpResult carry(const iotsim::Response& response) {
    using iotsim::Delivery;
    if (response.delivery == Delivery::kDropped || response.delivery == Delivery::kCutLength) {
      return TransportFailure{};
    }
    HttpReply reply;
    reply.status = response.status;
    reply.headers = response.headers;
    reply.body = response.body;
    if (response.delivery == Delivery::kCutBare) reply.body.resize(reply.body.size() / 2);
    return reply;
  }

  SimWorld& sim_;
  Clock& clock_;
  Mono known_at_ = clock_.now().mono + sim_.options_.name_lookup;
};

class SimWorld::Keys : public KeySource {
 public:
  std::variant<taskwatchd::Keys, KeyError> keys(const AccountConfig&) override {
    return taskwatchd::Keys{"LTAIsim", Secret("simsecret"), Secret()};
  }
};

// Stands for the metrics: every change must be stored before this observer gets it.
class SimWorld::Ear : public Observer {
 public:
  explicit Ear(SimWorld& sim) : sim_(sim) {}
  void call_ended(const CallEnd& call) override {
    ++sim_.calls_;
    if (call.retry) ++sim_.retries_;
  }
  void committed(const TaskChange& change, Wall when) override {
    sim_.note_delay(change, when);
    const auto at = sim_.store_.records().find(change.record.key);
    if (at == sim_.store_.records().end()) {
      sim_.violate("published a change that is not stored: " + change.record.key.task_id);
    } else if (at->second.last.modified < change.record.last.modified) {
      sim_.violate("published a change newer than the store's: " + change.record.key.task_id);
    }
  }
  void counted(const CounterDelta&, Wall) override {}
  void anomaly(const std::string&, Anomaly kind) override { ++sim_.anomalies_[kind]; }
  void commit_took(Duration) override {}

 private:
  SimWorld& sim_;
};

// Stands for the event log: fails while `sink_broken_`. Events must be stored before, and arrive in
// order.
class SimWorld::Sink : public EventSink {
 public:
  explicit Sink(SimWorld& sim) : sim_(sim) {}
  const std::string& name() const override { return name_; }
  Awaitable<bool> deliver(std::vector<Event> events) override {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    if (sim_.sink_broken_) co_return false;
    for (const Event& event : events) {
      const auto stored = sim_.store_.events().find(event.id);
      if (stored == sim_.store_.events().end() || !(stored->second == event)) {
        sim_.violate("delivered an event that is not stored so: " + std::to_string(event.id));
      }
      if (event.id <= last_) sim_.violate("delivered out of order: " + std::to_string(event.id));
      last_ = event.id;
      sim_.delivered_.insert(event.id);
    }
    co_return true;
  }

 private:
  SimWorld& sim_;
  std::string name_ = "log";
  std::uint64_t last_ = 0;
};

class SimWorld::Voice : public Log {
 public:
  explicit Voice(SimWorld& sim) : sim_(sim) {}
  void write(Event event) override { ++sim_.told_[event.name]; }

 private:
  SimWorld& sim_;
};

// One run of the daemon, from start to crash. The context comes first, so that it is destroyed
// last.
struct SimWorld::Life {
  Life(SimWorld& sim, Wall born)
      : clock(context, born),
        http(sim, clock),
        ear(sim),
        sink(sim),
        voice(sim),
        ports{clock, sim.entropy_, http, keys, sim.store_, voice, ear, results, leases},
        recorder(ports),
        outbox(ports, recorder, sink) {
    recorder.on_events([this](std::uint64_t last) { outbox.wake(last); });
  }

  Awaitable<void> main(const AccountConfig& config) {
    constexpr std::size_t kPart = 1000;
    const InstanceConfig& instance = config.instances.front();
    std::optional<Stored> stored;
    while (!stored) {
      auto loaded = co_await ports.store.load(config.name);
      auto records = co_await ports.store.tasks(config.name, instance.tasks);
      auto* const good = std::get_if<Stored>(&loaded);
      auto* const rows = std::get_if<std::vector<TaskRecord>>(&records);
      if (good == nullptr || rows == nullptr) continue;
      stored = std::move(*good);
      stored->records = std::move(*rows);
    }
    for (const std::string& id : instance.jobs) {
      for (std::string after;;) {
        JobKey job{config.name, id};
        auto part = co_await ports.store.tasks_of_job(std::move(job), after, kPart);
        auto* const rows = std::get_if<std::vector<TaskRecord>>(&part);
        if (rows == nullptr) continue;
        if (rows->empty()) break;
        after = rows->back().key.task_id;
        std::move(rows->begin(), rows->end(), std::back_inserter(stored->records));
      }
    }
    pollers.push_back(
        std::make_unique<Poller>(context.get_executor(), ports, recorder, config, *stored));
    spawn(context.get_executor(), pollers.front()->run());
    spawn(context.get_executor(), record());
    spawn(context.get_executor(), outbox.run());
  }
  Awaitable<void> record() { co_await recorder.run(); }

  boost::asio::io_context context;
  FakeClock clock;
  Http http;
  Keys keys;
  Ear ear;
  Sink sink;
  Voice voice;
  FakeResultFiles results{clock, no_file};
  AllLeasesHeld leases;
  Ports ports;
  Recorder recorder;
  Outbox outbox;
  std::vector<std::unique_ptr<Poller>> pollers;
};

SimWorld::SimWorld(SimOptions options)
    : options_(options),
      random_(options.seed),
      world_(options.seed),
      entropy_(options.seed),
      born_(kBegin) {
  iotsim::Account account{
      .name = "sim",
      .keys = {{.id = "LTAIsim", .secret = "simsecret", .security_token = "", .active = true}},
      .quota = {},
      .denied = {},
      .role = {}};
  const bool of_jobs = options.watch != SimOptions::Watch::kTasks;
  config_.name = "sim";
  for (const Api api : kAllApis) {
    const bool used = api == Api::kQueryTask || (of_jobs && kJobApis.contains(api));
    config_.quota[api] = used ? options.quota : 0;
    account.quota[std::string(name(api))] = static_cast<int>(options.quota);
  }
  world_.add(std::move(account));
  const std::size_t instance =
      world_.add(iotsim::Instance{.account = "sim", .region = "cn-shanghai", .id = "iot-sim"});
  iotsim::JobSpec job;
  job.instance = instance;
  job.created_ms = ms(kBegin);
  job.start_ms =
      job.created_ms + std::chrono::duration_cast<milliseconds>(options.start_in).count();
  job.rollout_per_minute = options.rollout_per_minute;
  job.timeout_ms = options.timeout_ms;
  job.devices = options.tasks;
  job.life = options.life;
  for (std::uint32_t i = 1; i <= options.jobs; ++i) {
    job.id = "job-" + std::to_string(i);
    world_.add(job);
  }
  cloud_ = std::make_unique<iotsim::ModelCloud>(world_, options.seed);
  options_.calm.signature_check = false;
  calm_down();

  config_.quota_total = options.quota_total;
  config_.quota_share = options.quota_share;
  config_.pace = options.pace;
  InstanceConfig where;
  where.name = "main";
  where.region = "cn-shanghai";
  where.id = "iot-sim";
  where.endpoint = "https://iot.cn-shanghai.aliyuncs.com";
  const std::size_t every = options.watch == SimOptions::Watch::kBoth ? 3 : 1;
  for (std::size_t i = 0; i < world_.task_count(); i += every) {
    if (options.watch == SimOptions::Watch::kJobs) break;
    where.tasks.push_back(world_.task_at(i).id);
  }
  for (std::uint32_t i = 1; of_jobs && i <= options.jobs; ++i) {
    where.jobs.push_back("job-" + std::to_string(i));
  }
  config_.instances.push_back(where);
}

SimWorld::~SimWorld() = default;

void SimWorld::calm_down() {
  cloud_->switches = options_.calm;
  world_.progress_bumps_modified = options_.calm.progress_bumps_modified;
  sink_broken_ = false;
}

void SimWorld::start() {
  life_ = std::make_unique<Life>(*this, born_);
  spawn(life_->context.get_executor(), life_->main(config_));
  life_->clock.settle();
}

void SimWorld::rename_instance(const std::string& name) {
  config_.instances.front().name = name;
  life_->pollers.front()->configure(config_, {});
}

bool SimWorld::calls_are_accounted_for() const {
  if (!life_ || life_->pollers.empty()) return true;
  return life_->pollers.front()->calls_under_way() == life_->http.in_flight;
}

void SimWorld::crash() {
  const Now last = life_->clock.now();
  born_ = last.wall;
  mono_before_us_ += (last.mono - Mono(std::chrono::hours(1))).count();
  life_->context.stop();
  store_.forget_held();
  store_.hold(MemoryStore::Hold::kNone);
  life_.reset();
}

void SimWorld::run(Duration span) {
  constexpr Duration kStep = std::chrono::seconds(1);
  for (Duration done{}; done < span; done += kStep) {
    life_->clock.advance(std::min(kStep, span - done));
    check();
  }
}

void SimWorld::sleep(Duration span) {
  born_ += std::chrono::duration_cast<milliseconds>(span);
  mono_before_us_ += span.count();
}

void SimWorld::jump_own_clock(milliseconds by) {
  life_->clock.jump_wall(by);
  ahead_ += by;
}

std::int64_t SimWorld::wall_ms() const {
  return ms(life_ ? life_->clock.now().wall : born_) - ahead_.count();
}

void SimWorld::violate(std::string what) {
  violations_.push_back("seed " + std::to_string(options_.seed) + " at " +
                        rfc3339(Wall(milliseconds(wall_ms()))) + ": " + std::move(what));
}

AccountStatus SimWorld::status() const {
  return life_->pollers.front()->status();
}

std::size_t SimWorld::most_in_a_second() const {
  std::size_t most = 0;
  for (const auto& [api, sends] : sends_us_) {
    for (std::size_t first = 0, last = 0; last < sends.size(); ++last) {
      while (sends[last] - sends[first] >= 1'000'000) ++first;
      most = std::max(most, last - first + 1);
    }
  }
  return most;
}

std::uint64_t SimWorld::calls_of(Api api) const {
  const auto sends = sends_us_.find(std::string(name(api)));
  return sends == sends_us_.end() ? 0 : sends->second.size();
}

std::uint64_t SimWorld::logged_events(const std::string& name) const {
  const auto at = told_.find(name);
  const auto stored = std::count_if(store_.events().begin(), store_.events().end(),
                                    [&](const auto& event) { return event.second.name == name; });
  return (at == told_.end() ? 0 : at->second) + static_cast<std::uint64_t>(stored);
}

}  // namespace taskwatchd
