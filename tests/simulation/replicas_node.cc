#include "simulation/replicas_node.h"

#include <algorithm>

#include "simulation/replicas_world.h"

namespace taskwatchd {

using std::chrono::milliseconds;

// The platform, behind connections that may take long.
class SimReplica::Http : public HttpClient {
 public:
  explicit Http(SimReplica& self) : self_(self) {}

  using HttpClient::send;
  Awaitable<HttpResult> send(HttpRequest request, Departed departed) override {
    constexpr Duration kCallTimeout = std::chrono::seconds(10);
    ReplicasWorld& world = self_.world_;
    Clock& clock = self_.node_.clock;
    const Mono deadline = clock.now().mono + kCallTimeout;
    const auto alarm = clock.make_alarm();
    co_await alarm->wait_until(clock.now().mono + world.net().up_to(self_.slow_connections));
    if (departed && !departed()) co_return TransportFailure{};
    bool frozen = false;
    if (self_.freeze_at_call) {
      std::exchange(self_.freeze_at_call, nullptr)();
      frozen = true;
      co_await alarm->wait_until(clock.now().mono + Duration(1));
    }
    world.check().on_call(self_, request, frozen);
    std::function<Awaitable<HttpResult>()> handler = [&world, request] {
      return answer(world, request);
    };
    // The link to the platform is never cut.
    auto result = co_await world.net().ask<HttpResult>(
        self_.node_, link_, deadline - clock.now().mono, std::move(handler));
    if (result) co_return *std::move(result);
    TransportFailure late;
    late.kind = TransportFailure::Kind::kTimeout;
    co_return late;
  }

 private:
  static Awaitable<HttpResult> answer(ReplicasWorld& world, HttpRequest request) {
    const iotsim::Request asked =
        iotsim::request_to(request.method, request.url, request.headers, request.body);
    const iotsim::Response response =
        world.cloud().handle(asked, {world.wall_ms(), world.now().time_since_epoch().count()});
    const auto alarm = world.server().clock.make_alarm();
    co_await alarm->wait_until(world.now() + milliseconds(20 + response.delay_ms));
    if (response.delivery != iotsim::Delivery::kWhole) co_return TransportFailure{};
    HttpReply reply;
    reply.status = response.status;
    reply.headers = response.headers;
    reply.body = response.body;
    co_return reply;
  }

  SimReplica& self_;
  std::shared_ptr<SimLink> link_ = std::make_shared<SimLink>();
};

class SimReplica::Keys : public KeySource {
 public:
  std::variant<taskwatchd::Keys, KeyError> keys(const AccountConfig& account) override {
    return taskwatchd::Keys{"LTAI" + account.name, Secret("secret"), Secret()};
  }
};

// The metrics, which learn of a change only after it is stored.
class SimReplica::Ear : public Observer {
 public:
  explicit Ear(SimReplica& self) : self_(self) {}
  void call_ended(const CallEnd& call) override { self_.metrics_.call_ended(call); }
  void committed(const TaskChange& change, Wall at) override {
    self_.world_.check().on_committed(self_, change);
    self_.metrics_.committed(change, at);
  }
  void counted(const CounterDelta& delta, Wall at) override { self_.metrics_.counted(delta, at); }
  void anomaly(const std::string& account, Anomaly kind) override {
    self_.metrics_.anomaly(account, kind);
  }
  void commit_took(Duration took) override { self_.metrics_.commit_took(took); }

 private:
  SimReplica& self_;
};

class SimReplica::Sink : public EventSink {
 public:
  explicit Sink(SimReplica& self) : self_(self) {}
  const std::string& name() const override { return name_; }
  Awaitable<bool> deliver(std::vector<Event> events) override {
    const auto executor = co_await boost::asio::this_coro::executor;
    co_await boost::asio::post(executor, boost::asio::use_awaitable);
    for (const Event& event : events) self_.world_.check().on_delivered(event);
    co_return true;
  }

 private:
  SimReplica& self_;
  std::string name_ = "log";
};

class SimReplica::Voice : public Log {
 public:
  explicit Voice(SimReplica& self) : self_(self) {}
  void write(Event event) override { self_.world_.trace(self_.uuid_ + ": " + event.msg); }

 private:
  SimReplica& self_;
};

SimReplica::SimReplica(ReplicasWorld& world, std::size_t number, std::string uuid, Config config,
                       Wall born, std::shared_ptr<SimLink> link)
    : world_(world),
      number_(number),
      uuid_(std::move(uuid)),
      config_(std::move(config)),
      node_(born),
      http_(std::make_unique<Http>(*this)),
      keys_(std::make_unique<Keys>()),
      ear_(std::make_unique<Ear>(*this)),
      sink_(std::make_unique<Sink>(*this)),
      voice_(std::make_unique<Voice>(*this)),
      entropy_(world.random()()),
      store_({world.net(), world.database(), node_, link, uuid_}),
      leases_({world.net(), world.database(), node_, link, uuid_}, store_),
      replication_(node_.context.get_executor(), node_.clock, *voice_, leases_, config_),
      ports_{node_.clock,          entropy_, *http_, *keys_, store_, *voice_, *ear_, results_,
             replication_.leases()},
      recorder_(ports_),
      outboxes_(node_.context.get_executor(), ports_, recorder_, *sink_),
      fleet_(node_.context.get_executor(), ports_, recorder_, metrics_) {
  node_.clock.thaw(world.now());
  recorder_.on_events([this](std::uint64_t last) { outboxes_.wake(last); });
  replication_.attach(fleet_, outboxes_, recorder_);
  spawn(node_.context.get_executor(), main());
}

SimReplica::~SimReplica() {
  node_.context.stop();
}

Awaitable<void> SimReplica::main() {
  const Config first = config_;
  co_await fleet_.apply(first);
  const auto executor = node_.context.get_executor();
  spawn(executor, record());
  replication_.start([] {});
  spawn(executor, fleet_.follow_counters());
}

Awaitable<void> SimReplica::record() {
  co_await recorder_.run();
  recorded_ = true;
}

bool SimReplica::lists(const std::string& account) const {
  return std::any_of(config_.accounts.begin(), config_.accounts.end(),
                     [&](const AccountConfig& one) { return one.name == account; });
}

void SimReplica::apply(Config config) {
  config_ = config;
  pending_ = std::move(config);
  if (!std::exchange(reloading_, true)) spawn(node_.context.get_executor(), reload());
}

// As Reloader: one after the other, tried until it is applied or a newer one comes.
Awaitable<void> SimReplica::reload() {
  const auto alarm = node_.clock.make_alarm();
  while (pending_ && !stopping_) {
    const Config next = *std::exchange(pending_, std::nullopt);
    const auto error = co_await fleet_.apply(next);
    if (!error) {
      replication_.configure(next);
    } else if (!pending_) {
      pending_ = next;
      co_await alarm->wait_until(node_.clock.now().mono + std::chrono::seconds(1));
    }
  }
  reloading_ = false;
}

void SimReplica::stop() {
  stopping_ = true;
  spawn(node_.context.get_executor(), shut_down());
}

template <typename Condition>
Awaitable<void> SimReplica::wait_until(Duration within, Condition condition) {
  const auto alarm = node_.clock.make_alarm();
  const Mono deadline = node_.clock.now().mono + within;
  while (!condition() && node_.clock.now().mono < deadline) {
    co_await alarm->wait_until(node_.clock.now().mono + milliseconds(10));
  }
}

// As App::shut_down.
Awaitable<void> SimReplica::shut_down() {
  const auto released = [this] { return replication_.stopped(); };
  const auto calls_ended = [this] { return fleet_.stopped(); };
  const auto delivered = [this] { return recorder_.idle() && outboxes_.pending() == 0; };
  const auto recorded = [this] { return recorded_; };
  replication_.stop();
  co_await wait_until(milliseconds(2800), released);
  fleet_.stop();
  co_await wait_until(milliseconds(1500), calls_ended);
  co_await wait_until(std::chrono::seconds(1), delivered);
  outboxes_.stop_all();
  recorder_.stop();
  co_await wait_until(std::chrono::seconds(1), recorded);
  exited_ = true;
}

}  // namespace taskwatchd
