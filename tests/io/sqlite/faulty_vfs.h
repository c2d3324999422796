// A disk with injected failures: a layer between SQLite and the operating system's files, as in
// SQLite's own tests. While an object exists, it is the default for databases that are opened.
// Threads: the counters are atomic; SQLite protects the rest.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <stdexcept>

namespace taskwatchd {

class FaultyVfs {
 public:
  enum class Op { kWrite, kSync, kRead };

  FaultyVfs() {
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = "faulty";
    vfs_.pAppData = this;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = &FaultyVfs::open;
    vfs_.xDelete = [](sqlite3_vfs* v, const char* name, int sync) {
      return real(v)->xDelete(real(v), name, sync);
    };
    vfs_.xAccess = [](sqlite3_vfs* v, const char* name, int flags, int* out) {
      return real(v)->xAccess(real(v), name, flags, out);
    };
    vfs_.xFullPathname = [](sqlite3_vfs* v, const char* name, int n, char* out) {
      return real(v)->xFullPathname(real(v), name, n, out);
    };
    sqlite3_vfs_register(&vfs_, 1);
  }
  ~FaultyVfs() { sqlite3_vfs_unregister(&vfs_); }
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  // Makes `times` operations of this kind fail with `code`, from the `nth` one on (1: the next). A
  // failing sync leaves the data written. `main_only`: not those of the log.
  void fail(Op op, int nth, int times, int code, bool main_only = false) {
    main_only_ = main_only;
    op_ = op;
    code_ = code;
    count_ = 0;
    times_ = times;
    nth_ = nth;
  }
  void heal() { nth_ = 0; }
  int failed() const { return failed_; }

 private:
  struct File {
    sqlite3_file base;
    FaultyVfs* owner;
    bool is_main;
    sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static File* file(sqlite3_file* f) { return reinterpret_cast<File*>(f); }
  static sqlite3_vfs* real(sqlite3_vfs* v) { return static_cast<FaultyVfs*>(v->pAppData)->real_; }

  static int strike(sqlite3_file* f, Op op) { return file(f)->owner->strike(op, file(f)->is_main); }
  int strike(Op op, bool is_main) {
    if (nth_ == 0 || op != op_ || (main_only_ && !is_main)) return SQLITE_OK;
    const int n = ++count_;
    if (n < nth_ || n >= nth_ + times_) return SQLITE_OK;
    ++failed_;
    return code_;
  }

  static int open(sqlite3_vfs* v, sqlite3_filename name, sqlite3_file* f, int flags, int* out) {
    File* self = file(f);
    std::memset(static_cast<void*>(self), 0, static_cast<std::size_t>(v->szOsFile));
    self->owner = static_cast<FaultyVfs*>(v->pAppData);
    self->is_main = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    const int code = real(v)->xOpen(real(v), name, self->real(), flags, out);
    if (self->real()->pMethods != nullptr) self->base.pMethods = methods();
    return code;
  }

  static const sqlite3_io_methods* methods() {
    static const sqlite3_io_methods kMethods = make_methods();
    return &kMethods;
  }
  static sqlite3_io_methods make_methods() {
    sqlite3_io_methods m{};
    m.iVersion = 2;
    m.xClose = [](sqlite3_file* f) { return inner(f)->xClose(file(f)->real()); };
    m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
      const int code = strike(f, Op::kRead);
      return code != SQLITE_OK ? code : inner(f)->xRead(file(f)->real(), to, n, at);
    };
    m.xWrite = [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
      const int code = strike(f, Op::kWrite);
      return code != SQLITE_OK ? code : inner(f)->xWrite(file(f)->real(), from, n, at);
    };
    m.xTruncate = [](sqlite3_file* f, sqlite3_int64 n) {
      return inner(f)->xTruncate(file(f)->real(), n);
    };
    m.xSync = [](sqlite3_file* f, int flags) {
      const int code = strike(f, Op::kSync);
      return code != SQLITE_OK ? code : inner(f)->xSync(file(f)->real(), flags);
    };
    m.xFileSize = [](sqlite3_file* f, sqlite3_int64* n) {
      return inner(f)->xFileSize(file(f)->real(), n);
    };
    m.xLock = [](sqlite3_file* f, int how) { return inner(f)->xLock(file(f)->real(), how); };
    m.xUnlock = [](sqlite3_file* f, int how) { return inner(f)->xUnlock(file(f)->real(), how); };
    m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
      return inner(f)->xCheckReservedLock(file(f)->real(), out);
    };
    m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
      return inner(f)->xFileControl(file(f)->real(), op, arg);
    };
    m.xSectorSize = [](sqlite3_file* f) { return inner(f)->xSectorSize(file(f)->real()); };
    m.xDeviceCharacteristics = [](sqlite3_file* f) {
      return inner(f)->xDeviceCharacteristics(file(f)->real());
    };
    m.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
      return inner(f)->xShmMap(file(f)->real(), page, size, extend, out);
    };
    m.xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
      return inner(f)->xShmLock(file(f)->real(), offset, n, flags);
    };
    m.xShmBarrier = [](sqlite3_file* f) { inner(f)->xShmBarrier(file(f)->real()); };
    m.xShmUnmap = [](sqlite3_file* f, int remove) {
      return inner(f)->xShmUnmap(file(f)->real(), remove);
    };
    return m;
  }
  static const sqlite3_io_methods* inner(sqlite3_file* f) { return file(f)->real()->pMethods; }

  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_{};
  std::atomic<Op> op_ = Op::kWrite;
  std::atomic<bool> main_only_ = false;
  std::atomic<int> code_ = SQLITE_IOERR_WRITE;
  std::atomic<int> nth_ = 0, times_ = 0, count_ = 0, failed_ = 0;
};

}  // namespace taskwatchd
