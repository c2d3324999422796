// Reads the result files named on the command line as the daemon does and prints a summary.
// result_size_test.py measures the memory that this takes.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "cloud/result_file.h"
#include "core/types/distribution_json.h"

using namespace taskwatchd;

int main(int count, char** paths) {
  for (int i = 1; i < count; ++i) {
    const int file = ::open(paths[i], O_RDONLY | O_CLOEXEC);
    struct stat about {};
    if (file < 0 || ::fstat(file, &about) != 0 || about.st_size == 0) return 2;
    const auto size = static_cast<std::size_t>(about.st_size);
    void* const bytes = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    ::close(file);
    if (bytes == MAP_FAILED) return 2;
    const ReleaseBytes release = [bytes, size] { ::munmap(bytes, size); };
    const DistributionResult result =
        read_result_file({static_cast<const char*>(bytes), size}, {}, release);
    const std::string json = to_json(result);
    std::printf("%s ok=%u failed=%u unknown=%u listed=%zu stored=%zu %s\n",
                std::string(name(result.format)).c_str(), result.ok, result.failed, result.unknown,
                result.failed_devices.size(), json.size(), result.problem.c_str());
  }
  return 0;
}
