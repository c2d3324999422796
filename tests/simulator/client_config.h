// Writes a complete taskwatchd configuration for a scenario, so that demos and tests need one
// command. No I/O: returns the files' texts, and main.cc writes them.
#pragma once

#include <string>
#include <vector>

#include "simulator/model_world.h"

namespace iotsim {

struct ClientFile {
  std::string path;  // relative to the folder
  std::string text;
  bool is_secret = false;  // written with mode 0600
};

struct ClientOptions {
  std::string endpoint;         // http://127.0.0.1:PORT
  std::string ca_file;          // absolute; empty: none
  std::string signature;        // v1, v3; empty: the default
  std::string quota_share;      // as in the file; empty: the default
  std::string pace;             // of unfinished tasks and watched jobs; empty: the default
  std::string watch = "tasks";  // tasks or jobs: each by its id; discover: discover_jobs
};

// Returns taskwatchd.yaml and one AccessKey file per account. Every account signs with its first
// AccessKey and watches by id all tasks that the world has now, or all jobs.
std::vector<ClientFile> client_config(const World& world, const ClientOptions& options);

}  // namespace iotsim
