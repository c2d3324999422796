#include "credentials/credential_fetch.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "cloud/credential_parse.h"
#include "cloud/nonce.h"
#include "cloud/session_reply.h"
#include "cloud/session_request.h"
#include "config/characters.h"
#include "config/url.h"
#include "core/types/trim.h"

namespace taskwatchd {
namespace {

// The minimum that STS documents, and room for a line end.
constexpr std::size_t kMinOidcToken = 4;
constexpr std::size_t kMaxOidcToken = 20'000;

constexpr char kMetadataService[] = "the ECS metadata service ";
constexpr char kMetadataFix[] =
    "; is this an ECS machine with that role, and its metadata service enabled?";

// Sends the request, parses the response, and wipes it: it contains credentials.
template <typename Read>
Awaitable<std::invoke_result_t<Read, const HttpResult&>> ask(HttpClient& http, HttpRequest request,
                                                             Read read) {
  HttpResult result = co_await http.send(std::move(request));
  auto answer = read(result);
  if (auto* reply = std::get_if<HttpReply>(&result)) {
    ::explicit_bzero(reply->body.data(), reply->body.size());
  }
  co_return answer;
}

FetchResult to_keys(SessionResult result, const std::string& who, Now now) {
  if (const auto* problem = std::get_if<SessionProblem>(&result)) return who + problem->message;
  auto& session = std::get<Session>(result);
  // By the server's clock, because ours may be wrong.
  const Wall given = session.server_date.value_or(now.wall);
  const Duration life = session.expires - given;
  if (life <= Duration::zero()) {
    return who + "returned credentials that have already expired; check the clock of this host";
  }
  return FetchedKeys{std::move(session.keys), life};
}

std::string sts_name(const KeyRecipe& recipe) {
  return "STS " + parse_url(recipe.sts_url)->host_header() + " ";
}

Awaitable<FetchResult> assume_role(FetchPorts ports, FetchSettings settings, KeyRecipe recipe) {
  Keys signer = recipe.signer->keys;
  if (recipe.signer->kind != KeyRecipe::Kind::kKeys) {
    KeyRecipe first = *recipe.signer;
    FetchResult signed_by = co_await fetch_keys(ports, settings, std::move(first));
    if (auto* problem = std::get_if<std::string>(&signed_by)) {
      co_return "source credentials: " + *problem;
    }
    signer = std::get<FetchedKeys>(std::move(signed_by)).keys;
  }
  const std::string who = sts_name(recipe);
  std::chrono::milliseconds correction{};
  SessionResult answer;
  for (int tries = 0; tries < 2; ++tries) {
    HttpRequest request =
        assume_role_request(recipe, signer, ports.clock.now().wall + correction,
                            make_nonce(ports.entropy.next(), ports.entropy.next()));
    request.ca_file = settings.ca_file;
    request.proxy = settings.proxy;
    answer = co_await ask(ports.http, std::move(request), read_sts_reply);
    const auto* problem = std::get_if<SessionProblem>(&answer);
    if (problem == nullptr || !problem->wrong_clock) break;
    correction = *problem->server_date - ports.clock.now().wall;
  }
  co_return to_keys(std::move(answer), who, ports.clock.now());
}

Awaitable<FetchResult> oidc_role(FetchPorts ports, FetchSettings settings, KeyRecipe recipe) {
  // Read again each time: the program that mounts the token renews it.
  const LocalText file = ports.local.file(recipe.token_file, kCredentialFileLimit);
  if (!file.problem.empty()) co_return "the token file " + recipe.token_file + " " + file.problem;
  const MarkedText marked = without_mark(file.text.reveal());
  if (marked.problem != nullptr) {
    co_return "the token file " + recipe.token_file + " " + marked.problem;
  }
  const Secret token(std::string(trim(marked.text)));
  const std::size_t size = token.reveal().size();
  if (size < kMinOidcToken || size > kMaxOidcToken) {
    co_return "the token file " + recipe.token_file + " contains " + std::to_string(size) +
        " bytes, not 4 to 20000; it must contain only the token";
  }
  HttpRequest request =
      assume_role_with_oidc_request(recipe, token, ports.clock.now().wall,
                                    make_nonce(ports.entropy.next(), ports.entropy.next()));
  request.ca_file = settings.ca_file;
  request.proxy = settings.proxy;
  SessionResult answer = co_await ask(ports.http, std::move(request), read_sts_reply);
  co_return to_keys(std::move(answer), sts_name(recipe), ports.clock.now());
}

Awaitable<FetchResult> ecs_role(FetchPorts ports, FetchSettings settings, KeyRecipe recipe) {
  const std::string who = kMetadataService;
  Secret token;
  HttpRequest first = metadata_token_request(settings.metadata_url);
  WordResult got = co_await ask(ports.http, std::move(first), read_metadata_token);
  if (auto* word = std::get_if<Secret>(&got)) {
    token = std::move(*word);
  } else if (!settings.metadata_v1) {
    co_return who + "returned no token: it " + std::get<SessionProblem>(got).message + kMetadataFix;
  }
  std::string role = recipe.ecs_role;
  if (role.empty()) {
    HttpRequest request = metadata_role_request(settings.metadata_url, token);
    WordResult name = co_await ask(ports.http, std::move(request), read_metadata_role);
    if (const auto* problem = std::get_if<SessionProblem>(&name)) {
      co_return who + problem->message + kMetadataFix;
    }
    role = std::get<Secret>(name).reveal();
  }
  HttpRequest request = metadata_session_request(settings.metadata_url, role, token);
  SessionResult answer = co_await ask(ports.http, std::move(request), read_metadata_session);
  if (auto* problem = std::get_if<SessionProblem>(&answer)) problem->message += kMetadataFix;
  co_return to_keys(std::move(answer), who, ports.clock.now());
}

Awaitable<FetchResult> from_uri(FetchPorts ports, FetchSettings settings, KeyRecipe recipe) {
  HttpRequest request = uri_session_request(recipe.uri);
  request.ca_file = settings.ca_file;
  // Plain http goes to a local credential server, without the proxy.
  if (request.url.starts_with("https")) request.proxy = settings.proxy;
  SessionResult answer = co_await ask(ports.http, std::move(request), read_uri_session);
  co_return to_keys(std::move(answer), "it ", ports.clock.now());
}

}  // namespace

Awaitable<FetchResult> fetch_keys(FetchPorts ports, FetchSettings settings, KeyRecipe recipe) {
  const std::string source = recipe.source;
  FetchResult result;
  switch (recipe.kind) {
    case KeyRecipe::Kind::kKeys:
      co_return FetchedKeys{std::move(recipe.keys), std::nullopt};
    case KeyRecipe::Kind::kEcsRole:
      result = co_await ecs_role(ports, std::move(settings), std::move(recipe));
      break;
    case KeyRecipe::Kind::kAssumeRole:
      result = co_await assume_role(ports, std::move(settings), std::move(recipe));
      break;
    case KeyRecipe::Kind::kOidcRole:
      result = co_await oidc_role(ports, std::move(settings), std::move(recipe));
      break;
    case KeyRecipe::Kind::kUri:
      result = co_await from_uri(ports, std::move(settings), std::move(recipe));
      break;
  }
  if (auto* problem = std::get_if<std::string>(&result)) *problem = source + ": " + *problem;
  co_return result;
}

}  // namespace taskwatchd
