// A ready configuration of taskwatchd for a scenario, so that demos and tests are one-liners.
// Pure: gives the files' texts; main.cc writes them.
#pragma once

#include <string>
#include <vector>

#include "simulator/model_world.h"

namespace iotsim {

struct ClientFile {
  std::string path;  // relative to the folder
  std::string text;
  bool is_secret = false;  // to be written with mode 0600
};

struct ClientOptions {
  std::string endpoint;         // http://127.0.0.1:PORT
  std::string ca_file;          // absolute; empty: none
  std::string signature;        // v1, v3; empty: the default
  std::string quota_share;      // as in the file; empty: the default
  std::string pace;             // pace of unfinished tasks; empty: the default. And of jobs watched
  std::string watch = "tasks";  // tasks, jobs: each by its id; discover: discover_jobs
};

// taskwatchd.yaml, and a key file for each account. Every account signs with its first key and
// watches all tasks that the world has now, by their ids, or its jobs.
std::vector<ClientFile> client_config(const World& world, const ClientOptions& options);

}  // namespace iotsim
