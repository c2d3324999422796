#include "simulation/sim_world.h"

#include <boost/asio/post.hpp>

#include "core/event_text.h"
#include "spawn.h"

namespace taskwatchd {
namespace {

using std::chrono::milliseconds;

constexpr Wall kBegin{std::chrono::sys_days(std::chrono::year(2026) / 11 / 22)};
constexpr Duration kCallTimeout = std::chrono::seconds(10);

std::int64_t ms(Wall t) {
  return t.time_since_epoch().count();
}

const FieldValue* find(const Event& event, std::string_view name) {
  for (const Field& field : event.fields) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}
std::string text(const Event& event, std::string_view name) {
  const FieldValue* value = find(event, name);
  return value == nullptr ? "" : std::get<std::string>(*value);
}

}  // namespace

// The wire: the modelled cloud behind a one-way delay, with transport failures as it orders them.
class SimWorld::Http : public HttpClient {
 public:
  Http(SimWorld& sim, Clock& clock) : sim_(sim), clock_(clock) {}

  Awaitable<HttpResult> send(HttpRequest request) override {
    sim_.sends_us_.push_back(sim_.mono_before_us_ + clock_.now().mono.time_since_epoch().count());
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

 private:
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
};

class SimWorld::Keys : public KeySource {
 public:
  std::variant<taskwatchd::Keys, KeyError> keys(const AccountConfig&) override {
    return taskwatchd::Keys{"LTAIsim", Secret("simsecret"), Secret()};
  }
};

// Hears what the metrics would: everything it is told must be in the store by then.
class SimWorld::Ear : public Observer {
 public:
  explicit Ear(SimWorld& sim) : sim_(sim) {}
  void call_ended(const CallEnd& call) override {
    ++sim_.calls_;
    if (call.retry) ++sim_.retries_;
  }
  void committed(const TaskChange& change, Wall) override {
    const auto at = sim_.store_.records().find(change.record.key);
    if (at == sim_.store_.records().end()) {
      sim_.violate("told of a change that is not stored: " + change.record.key.task_id);
    } else if (at->second.last.modified < change.record.last.modified) {
      sim_.violate("told of a change newer than the store's: " + change.record.key.task_id);
    }
  }
  void counted(const CounterDelta&, Wall) override {}
  void anomaly(const std::string&, Anomaly kind) override { ++sim_.anomalies_[kind]; }
  void commit_took(Duration) override {}

 private:
  SimWorld& sim_;
};

// The log's place: fails when told; what it is given must be stored, in order.
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

// One run of the program, from start to crash. The context comes first, so that it goes last.
struct SimWorld::Life {
  Life(SimWorld& sim, Wall born)
      : clock(context, born),
        http(sim, clock),
        ear(sim),
        sink(sim),
        voice(sim),
        ports{clock, sim.entropy_, http, keys, sim.store_, voice, ear},
        recorder(ports),
        outbox(ports, recorder, sink) {
    recorder.on_events([this](std::uint64_t last) { outbox.wake(last); });
  }

  Awaitable<void> main(const AccountConfig& config) {
    std::vector<std::string> tasks = config.instances.front().tasks;
    std::optional<Stored> stored;
    while (!stored) {
      auto loaded = co_await ports.store.load(config.name, tasks);
      if (auto* good = std::get_if<Stored>(&loaded)) stored = std::move(*good);
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
  world_.add(iotsim::Account{
      .name = "sim",
      .keys = {{.id = "LTAIsim", .secret = "simsecret", .security_token = "", .active = true}},
      .quota = {{"QueryTask", static_cast<int>(options.quota)}},
      .denied = {}});
  const std::size_t instance =
      world_.add(iotsim::Instance{.account = "sim", .region = "cn-shanghai", .id = "iot-sim"});
  iotsim::JobSpec job;
  job.id = "job-1";
  job.instance = instance;
  job.created_ms = job.start_ms = ms(kBegin);
  job.rollout_per_minute = options.rollout_per_minute;
  job.timeout_ms = options.timeout_ms;
  job.devices = options.tasks;
  job.life = options.life;
  world_.add(job);
  cloud_ = std::make_unique<iotsim::ModelCloud>(world_, options.seed);
  cloud_->switches.signature_check = false;

  config_.name = "sim";
  for (const Api api : kAllApis) config_.quota[api] = 0;
  config_.quota[Api::kQueryTask] = options.quota;
  config_.quota_share = options.quota_share;
  config_.pace = options.pace;
  InstanceConfig where;
  where.name = "main";
  where.region = "cn-shanghai";
  where.id = "iot-sim";
  where.endpoint = "https://iot.cn-shanghai.aliyuncs.com";
  for (std::size_t i = 0; i < world_.task_count(); ++i) {
    where.tasks.push_back(world_.task_at(i).id);
  }
  config_.instances.push_back(where);
}

SimWorld::~SimWorld() = default;

void SimWorld::start() {
  life_ = std::make_unique<Life>(*this, born_);
  spawn(life_->context.get_executor(), life_->main(config_));
  life_->clock.settle();
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

bool SimWorld::in_true_history(const std::string& task_id, TaskStatus status,
                               std::int64_t modified_ms, std::int64_t not_after_ms) {
  const iotsim::Task* task = world_.task(task_id);
  if (task == nullptr) return false;
  const auto& steps = world_.history(*task);
  for (std::size_t i = 0; i < steps.size() && steps[i].at_ms <= not_after_ms; ++i) {
    const iotsim::TaskState state = world_.state_after(*task, i);
    if (state.word == name(status) && (modified_ms < 0 || state.modified_ms == modified_ms)) {
      return true;
    }
  }
  return false;
}

// Invariants 2, 3, 7 and 8 for one stored event.
void SimWorld::check_event(const Event& event) {
  const std::string task = text(event, "task_id");
  const std::string where = event.name + " " + std::to_string(event.id) + " of " + task;
  const auto modified = parse_utc(text(event, "modified_at"));
  const auto observed = parse_utc(text(event, "observed_at"));
  if (event.name == "task_baseline") {
    if (last_status_.contains(task)) violate("a second baseline: " + where);
    last_status_[task] = text(event, "status");
    return;
  }
  if (event.name != "task_transition") return;
  const std::string from = text(event, "from");
  const std::string to = text(event, "to");
  if (last_status_[task] != from) {
    violate(where + ": from " + from + ", but the last event said " + last_status_[task]);
  }
  last_status_[task] = to;
  if (to == "UNKNOWN" || from == "UNKNOWN") return;  // the switch's word, not the model's
  if (!in_true_history(task, parse_task_status(to), ms(*modified), ms(*observed))) {
    violate(where + ": " + to + " at " + text(event, "modified_at") + " never was");
  }
  if (!in_true_history(task, parse_task_status(from), -1, ms(*observed))) {
    violate(where + ": " + from + " never was");
  }
}

void SimWorld::check() {
  const auto& events = store_.events();
  for (auto at = events.upper_bound(checked_event_); at != events.end(); ++at) {
    if (at->first != checked_event_ + 1) violate("an event id was skipped or used twice");
    checked_event_ = at->first;
    check_event(at->second);
  }
}

void SimWorld::check_converged() {
  check();
  for (std::size_t i = 0; i < world_.task_count(); ++i) {
    const iotsim::Task& task = world_.task_at(i);
    const auto state = world_.status_at(task, wall_ms());
    const auto record = store_.records().find(TaskKey{"sim", task.id});
    if (record == store_.records().end()) {
      violate("never seen: " + task.id);
    } else if (record->second.last.status != parse_task_status(state->word) &&
               wall_ms() - state->modified_ms > 5 * 60 * 1000) {
      violate(task.id + " is " + state->word + " for five minutes, known as " +
              std::string(name(record->second.last.status)));
    }
  }
  for (const auto& [id, event] : store_.events()) {
    if (!delivered_.contains(id)) violate("never delivered: " + std::to_string(id));
  }
}

AccountStatus SimWorld::status() const {
  return life_->pollers.front()->status();
}

std::size_t SimWorld::most_in_a_second() const {
  std::size_t most = 0;
  for (std::size_t first = 0, last = 0; last < sends_us_.size(); ++last) {
    while (sends_us_[last] - sends_us_[first] >= 1'000'000) ++first;
    most = std::max(most, last - first + 1);
  }
  return most;
}

std::uint64_t SimWorld::told_events(const std::string& name) const {
  const auto at = told_.find(name);
  return at == told_.end() ? 0 : at->second;
}

}  // namespace taskwatchd
