#include "io/postgres/postgres_session.h"

#include <poll.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>

#include "config/state_url.h"
#include "io/postgres/postgres_text.h"

namespace taskwatchd::postgres {
namespace {

constexpr std::chrono::milliseconds kLookEvery{50};    // for give_up()
constexpr std::chrono::milliseconds kLastMoment{300};  // of a statement after give_up()

// The first line of libpq's message: the rest says where in the server's source it was raised.
std::string first_line(std::string_view text) {
  text = text.substr(0, text.find('\n'));
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return std::string(text);
}

// Of a message of the verbose kind: "...FATAL:  28P01: password authentication failed...".
std::string sqlstate_in(std::string_view text) {
  constexpr std::size_t kSize = 5;
  for (std::size_t at = text.find(":  "); at != text.npos; at = text.find(":  ", at + 1)) {
    const std::string_view code = text.substr(at + 3, kSize + 1);
    const auto is_code = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
    if (code.size() == kSize + 1 && code[kSize] == ':' &&
        std::all_of(code.begin(), code.begin() + kSize, is_code)) {
      return std::string(code.substr(0, kSize));
    }
  }
  return {};
}

// The server runs but takes no connection for now: it starts, stops, or has no slot left.
bool is_temporary(const std::string& sqlstate) {
  return sqlstate.starts_with("57P") || sqlstate.starts_with("53") || sqlstate.starts_with("08");
}

std::vector<std::string> parts_of(std::string_view text) {
  std::vector<std::string> parts;
  if (text.empty()) return parts;
  for (;;) {
    const std::size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == text.npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

std::string password_from(const std::string& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  if (!stream && line.empty()) {
    throw DatabaseError(DatabaseError::Kind::kRefused, "",
                        "state.password_file: cannot read a password from " + file);
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

}  // namespace

std::string describe(const Target& target) {
  const auto url = parse_state_url(target.url);
  const auto* const valid = std::get_if<StateUrl>(&url);
  return "state database " + (valid == nullptr ? "of state.url" : valid->shown()) + ", schema " +
         target.schema;
}

std::int64_t Rows::affected() const {
  const std::string_view count = PQcmdTuples(result_.get());
  std::int64_t value = 0;
  std::from_chars(count.data(), count.data() + count.size(), value);
  return value;
}

std::string Rows::text(int row, int column) const {
  return unescaped({PQgetvalue(result_.get(), row, column),
                    static_cast<std::size_t>(PQgetlength(result_.get(), row, column))});
}

std::int64_t Rows::number(int row, int column) const {
  const std::string_view digits = PQgetvalue(result_.get(), row, column);
  std::int64_t value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

double Rows::real(int row, int column) const {
  const std::string_view digits = PQgetvalue(result_.get(), row, column);
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

void ignore_environment() {
  for (const char* const name : {"PGHOST",
                                 "PGHOSTADDR",
                                 "PGPORT",
                                 "PGDATABASE",
                                 "PGUSER",
                                 "PGPASSWORD",
                                 "PGSERVICE",
                                 "PGSERVICEFILE",
                                 "PGOPTIONS",
                                 "PGAPPNAME",
                                 "PGSSLMODE",
                                 "PGREQUIRESSL",
                                 "PGSSLCOMPRESSION",
                                 "PGSSLCERT",
                                 "PGSSLKEY",
                                 "PGSSLROOTCERT",
                                 "PGSSLCRL",
                                 "PGSSLCRLDIR",
                                 "PGSSLSNI",
                                 "PGREQUIREPEER",
                                 "PGSSLMINPROTOCOLVERSION",
                                 "PGSSLMAXPROTOCOLVERSION",
                                 "PGGSSENCMODE",
                                 "PGKRBSRVNAME",
                                 "PGGSSLIB",
                                 "PGCONNECT_TIMEOUT",
                                 "PGCLIENTENCODING",
                                 "PGTARGETSESSIONATTRS",
                                 "PGCHANNELBINDING",
                                 "PGDATESTYLE",
                                 "PGTZ",
                                 "PGGEQO"}) {
    ::unsetenv(name);
  }
}

bool Session::wait(PGconn* connection, bool to_write, Steady::time_point deadline) const {
  const auto begun = Steady::now();
  for (;;) {
    const auto now = Steady::now();
    const auto end = give_up_ ? std::min(deadline, begun + kLastMoment) : deadline;
    if (now >= end) return false;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - now);
    pollfd socket{PQsocket(connection), static_cast<short>(POLLIN | (to_write ? POLLOUT : 0)), 0};
    const int ready = ::poll(&socket, 1, static_cast<int>(std::min(left, kLookEvery).count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

Session::Handle Session::connect_to(const std::vector<const char*>& names,
                                    const std::vector<const char*>& values) {
  const auto deadline = Steady::now() + target_.exchange;
  Handle handle(PQconnectStartParams(names.data(), values.data(), 0));
  if (!handle) throw std::bad_alloc();
  PQsetErrorVerbosity(handle.get(), PQERRORS_VERBOSE);  // with the SQLSTATE
  bool timed_out = false;
  if (PQstatus(handle.get()) != CONNECTION_BAD) {
    for (bool to_write = true;;) {
      timed_out = !wait(handle.get(), to_write, deadline);
      if (timed_out) break;
      const PostgresPollingStatusType next = PQconnectPoll(handle.get());
      if (next == PGRES_POLLING_OK) return handle;
      if (next == PGRES_POLLING_FAILED) break;
      to_write = next == PGRES_POLLING_WRITING;
    }
  }
  const std::string said = PQerrorMessage(handle.get());
  const std::string sqlstate = sqlstate_in(said);
  // Without a code libpq itself refused, for example a certificate, unless it could not connect.
  const bool answered =
      !sqlstate.empty() || said.find("SSL") != said.npos || said.find("certificate") != said.npos;
  const bool refused = !timed_out && answered && !is_temporary(sqlstate);
  throw DatabaseError(
      refused ? DatabaseError::Kind::kRefused : DatabaseError::Kind::kNotConnected, sqlstate,
      timed_out ? "no answer within " + std::to_string(target_.exchange.count()) + " ms"
                : first_line(said));
}

void Session::connect() {
  if (connection_) return;
  const auto parsed = parse_state_url(target_.url);
  if (const auto* const problem = std::get_if<std::string>(&parsed)) {
    throw DatabaseError(DatabaseError::Kind::kRefused, "", "state.url " + *problem);
  }
  const auto& url = std::get<StateUrl>(parsed);
  const std::string password =
      target_.password_file.empty() ? "" : password_from(target_.password_file);
  std::vector<const char*> names, values;
  const auto add = [&](const char* name, const char* value) {
    if (value == nullptr || *value == '\0') return;
    names.push_back(name);
    values.push_back(value);
  };
  for (const auto& [name, value] : url.parameters) {
    if (name != "host" && name != "hostaddr" && name != "port") add(name.c_str(), value.c_str());
  }
  if (!password.empty()) add("password", password.c_str());
  add("client_encoding", "UTF8");
  const auto add_default = [&](const char* name, const char* value) {
    if (url.value(name).empty()) add(name, value);
  };
  add_default("sslmode", "prefer");
  add_default("gssencmode", "disable");  // it would replace TLS
  add_default("target_session_attrs", "read-write");
  add_default("fallback_application_name", "taskwatchd");
  // Each host by itself: libpq would spend the whole time on the first one if it does not answer.
  const auto hosts = parts_of(url.value("host"));
  const auto addresses = parts_of(url.value("hostaddr"));
  const auto ports = parts_of(url.value("port"));
  const std::size_t count = std::max({hosts.size(), addresses.size(), std::size_t{1}});
  const auto item = [](const std::vector<std::string>& list, std::size_t i) -> const char* {
    if (list.empty()) return nullptr;
    return i < list.size() ? list[i].c_str() : list.back().c_str();
  };
  const std::size_t common = names.size();
  for (std::size_t i = 0;; ++i) {
    names.resize(common);
    values.resize(common);
    add("host", item(hosts, i));
    add("hostaddr", item(addresses, i));
    add("port", item(ports, i));
    names.push_back(nullptr);
    values.push_back(nullptr);
    try {
      connection_ = connect_to(names, values);
      break;
    } catch (const DatabaseError&) {
      if (i + 1 >= count || give_up_) throw;
    }
  }
  PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
  PQsetNoticeReceiver(
      connection_.get(), [](void*, const PGresult*) {}, nullptr);
  if (PQsetnonblocking(connection_.get(), 1) != 0) lose("cannot be used without blocking");
}

void Session::lose(const std::string& why) {
  const std::string said = connection_ ? first_line(PQerrorMessage(connection_.get())) : "";
  disconnect();
  throw DatabaseError(DatabaseError::Kind::kLost, "", said.empty() ? why : said);
}

Rows Session::run(const std::string& sql, const std::vector<Param>& params) {
  connect();
  std::vector<const char*> values;
  for (const Param& one : params) values.push_back(one ? one->c_str() : nullptr);
  const auto deadline = Steady::now() + target_.exchange;
  PGconn* const connection = connection_.get();
  const std::string late = "no answer within " + std::to_string(target_.exchange.count()) + " ms";
  if (PQsendQueryParams(connection, sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, 0) == 0) {
    lose("cannot send a statement");
  }
  for (;;) {
    const int unsent = PQflush(connection);
    if (unsent < 0) lose("the connection was closed");
    if (unsent == 0 && PQisBusy(connection) == 0) break;
    if (!wait(connection, unsent > 0, deadline)) lose(late);
    if (PQconsumeInput(connection) == 0) lose("the connection was closed");
  }
  Rows rows(nullptr);
  std::string sqlstate, error;
  for (;;) {
    while (PQisBusy(connection) != 0) {
      if (!wait(connection, false, deadline)) lose(late);
      if (PQconsumeInput(connection) == 0) lose("the connection was closed");
    }
    PGresult* const result = PQgetResult(connection);
    if (result == nullptr) break;
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
      const char* const code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      sqlstate = code == nullptr ? "" : code;
      error = first_line(PQresultErrorMessage(result));
    }
    rows = Rows(result);
  }
  if (PQstatus(connection) != CONNECTION_OK) lose("the connection was closed");
  if (!error.empty()) throw DatabaseError(DatabaseError::Kind::kStatement, sqlstate, error);
  return rows;
}

bool Session::encrypted() const {
  return connection_ && PQsslInUse(connection_.get()) != 0;
}

}  // namespace taskwatchd::postgres
