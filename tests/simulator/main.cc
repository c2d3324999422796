// iotsim: flags, files and signals around the simulated platform.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/system/system_error.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include "simulator/client_config.h"
#include "simulator/model_control.h"
#include "simulator/model_session.h"
#include "simulator/scenario.h"
#include "simulator/server.h"

namespace {

// sysexits.h, like the daemon's exit codes.
constexpr int kUnavailable = 69;
constexpr int kBadConfig = 78;

struct Flags {
  std::string listen = "127.0.0.1:0";
  std::string scenario;
  std::uint64_t seed = 0;
  double time_scale = 1;
  std::string tls_cert, tls_key;
  std::string write_config;
  iotsim::ClientOptions client;
};

iotsim::Now now() {
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const auto mono = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::milliseconds>(wall).count(),
          std::chrono::duration_cast<std::chrono::microseconds>(mono).count()};
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw iotsim::ScenarioError(path + ": cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void write_file(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  std::filesystem::create_directories(path.parent_path());
  // The mode applies to new files only; an old secret file may be readable by all users.
  std::filesystem::remove(path);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) throw std::runtime_error("cannot write " + path.string());
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n <= 0) {
      ::close(fd);
      throw std::runtime_error("cannot write " + path.string());
    }
    done += static_cast<std::size_t>(n);
  }
  ::close(fd);
}

void add_flags(CLI::App& app, Flags& flags) {
  app.add_option("--listen", flags.listen, "ADDRESS:PORT on loopback; port 0: a free one")
      ->capture_default_str();
  app.add_option("--scenario", flags.scenario, "the world, a YAML file (README.md)")->required();
  app.add_option("--seed", flags.seed, "of the world (default: the scenario's, or 1)");
  app.add_option("--time-scale", flags.time_scale, "lives this many times as fast")
      ->check(CLI::Range(0.001, 1e6))
      ->capture_default_str();
  auto* const cert = app.add_option("--tls-cert", flags.tls_cert, "PEM file: serve HTTPS");
  auto* const key = app.add_option("--tls-key", flags.tls_key, "PEM file");
  cert->needs(key);
  key->needs(cert);
  auto* const write = app.add_option("--write-config", flags.write_config,
                                     "write taskwatchd.yaml and key files to this folder");
  app.add_option("--quota-share", flags.client.quota_share, "in the file written")->needs(write);
  app.add_option("--pace", flags.client.pace, "pace of tasks, and of jobs, in the file written")
      ->needs(write);
  app.add_option("--watch", flags.client.watch, "what the file written watches")
      ->needs(write)
      ->check(CLI::IsMember({"tasks", "jobs", "discover"}))
      ->capture_default_str();
  app.add_option("--signature", flags.client.signature, "v1 or v3 in the file written")
      ->needs(write)
      ->check(CLI::IsMember({"v1", "v3"}));
}

iotsim::ServerOptions server_options(const Flags& flags) {
  const std::size_t colon = flags.listen.rfind(':');
  iotsim::ServerOptions options;
  options.tls_cert = flags.tls_cert;
  options.tls_key = flags.tls_key;
  const std::string port = colon == std::string::npos ? "" : flags.listen.substr(colon + 1);
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != port.npos ||
      std::stoi(port) > 65535) {
    throw std::invalid_argument("--listen needs ADDRESS:PORT: " + flags.listen);
  }
  options.address = flags.listen.substr(0, colon);
  if (options.address.starts_with('[') && options.address.ends_with(']')) {
    options.address = options.address.substr(1, options.address.size() - 2);
  }
  options.port = static_cast<std::uint16_t>(std::stoi(port));
  return options;
}

int serve(Flags& flags) {
  iotsim::Scenario scenario = iotsim::parse_scenario(read_file(flags.scenario), flags.scenario);
  iotsim::speed_up(scenario, flags.time_scale);
  const std::uint64_t seed = flags.seed != 0 ? flags.seed : scenario.seed.value_or(1);
  const iotsim::Now begin = now();
  iotsim::World world(seed);
  iotsim::build(scenario, begin.wall_ms, world);
  iotsim::ModelCloud cloud(world, seed, begin.mono_us);
  iotsim::configure(scenario, cloud);

  boost::asio::io_context loop(1);
  const iotsim::ServerOptions options = server_options(flags);
  iotsim::SessionDesk desk(cloud, seed);
  iotsim::Server server(loop, options, [&](const iotsim::Request& request) {
    if (auto response = desk.handle(request, now())) return *std::move(response);
    return request.target.starts_with(iotsim::kControlPrefix)
               ? iotsim::control(cloud, request, now())
               : cloud.handle(request, now());
  });
  const bool v6 = options.address.find(':') != std::string::npos;
  flags.client.endpoint = std::string(options.tls_cert.empty() ? "http" : "https") + "://" +
                          (v6 ? '[' + options.address + ']' : options.address) + ':' +
                          std::to_string(server.port());
  cloud.file_base = flags.client.endpoint;
  if (!flags.write_config.empty()) {
    if (!flags.tls_cert.empty()) {
      flags.client.ca_file = std::filesystem::absolute(flags.tls_cert).string();
    }
    for (const iotsim::ClientFile& file : iotsim::client_config(world, flags.client)) {
      write_file(std::filesystem::path(flags.write_config) / file.path, file.text,
                 file.is_secret ? 0600 : 0644);
    }
  }
  boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
  signals.async_wait([&](const boost::system::error_code& failed, int) {
    if (!failed) loop.stop();
  });
  std::cout << "listening on " << flags.client.endpoint << std::endl;
  loop.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("A stand-in for the Alibaba Cloud IoT Platform, for tests and demos", "iotsim");
  Flags flags;
  add_flags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : kBadConfig;
  }
  try {
    return serve(flags);
  } catch (const iotsim::ScenarioError& e) {
    std::cerr << e.what() << std::endl;
    return kBadConfig;
  } catch (const std::invalid_argument& e) {
    std::cerr << "iotsim: " << e.what() << std::endl;
    return kBadConfig;
  } catch (const boost::system::system_error& e) {
    std::cerr << "iotsim: cannot serve at " << flags.listen << ": " << e.what() << std::endl;
    return kUnavailable;
  } catch (const std::exception& e) {
    std::cerr << "iotsim: " << e.what() << std::endl;
    return 1;
  }
}
