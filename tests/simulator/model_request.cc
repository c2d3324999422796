#include "simulator/model_request.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace iotsim {
namespace {

constexpr std::string_view kV3 = "ACS3-HMAC-SHA256";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

// Compares ASCII names without case and without a copy.
bool same(std::string_view a, std::string_view lower_b) {
  return std::equal(a.begin(), a.end(), lower_b.begin(), lower_b.end(), [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == y;
  });
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view query_of(const Request& request) {
  const std::size_t mark = request.target.find('?');
  return mark == std::string::npos ? std::string_view()
                                   : std::string_view(request.target).substr(mark + 1);
}

bool has_form_body(const Request& request) {
  const auto type = request.header("content-type");
  return type && lower(*type).starts_with("application/x-www-form-urlencoded");
}

const std::string* find(const Pairs& pairs, std::string_view name) {
  for (const auto& [key, value] : pairs) {
    if (key == name) return &value;
  }
  return nullptr;
}

Refusal missing(std::string_view name) {
  return {400, "Missing" + std::string(name), std::string(name) + " is mandatory for this action.",
          false};
}

std::optional<Refusal> take_apart_v1(const Request& request, Call& call, bool for_signature) {
  for (const std::string_view name :
       {"Action", "Version", "AccessKeyId", "SignatureMethod", "SignatureVersion", "Timestamp",
        "SignatureNonce", "Signature", "RegionId"}) {
    const std::string* const value = call.parameter(name);
    if (value == nullptr || value->empty()) return missing(name);
  }
  if (*call.parameter("SignatureMethod") != "HMAC-SHA1" ||
      *call.parameter("SignatureVersion") != "1.0") {
    return Refusal{400, "InvalidSignatureMethod", "Specified signature method is not valid.",
                   false};
  }
  call.action = *call.parameter("Action");
  call.version = *call.parameter("Version");
  call.access_key_id = *call.parameter("AccessKeyId");
  call.timestamp = *call.parameter("Timestamp");
  call.nonce = *call.parameter("SignatureNonce");
  call.signature = *call.parameter("Signature");
  if (const std::string* const token = call.parameter("SecurityToken")) {
    // An empty parameter is invalid: a client without a token must leave it out.
    if (token->empty()) return missing("SecurityToken");
    call.security_token = *token;
  }
  if (for_signature) call.text_to_sign = v1_text(request.method, call.parameters);
  return std::nullopt;
}

// The header Authorization: Credential=ID,SignedHeaders=a;b,Signature=hex
struct Authorization {
  std::string id, signed_headers, signature;
};

std::optional<Authorization> parse_authorization(std::string_view text) {
  if (!text.starts_with(kV3)) return std::nullopt;
  text.remove_prefix(kV3.size());
  Authorization out;
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), field.size() + 1));
    const std::string_view part = trim(field);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const std::string_view name = part.substr(0, equals), value = part.substr(equals + 1);
    if (name == "Credential") out.id = value;
    if (name == "SignedHeaders") out.signed_headers = value;
    if (name == "Signature") out.signature = value;
  }
  if (out.id.empty() || out.signed_headers.empty() || out.signature.empty()) return std::nullopt;
  return out;
}

// Returns the signed headers with their values; a Refusal if a required one is missing.
std::variant<Pairs, Refusal> signed_headers(const Request& request, std::string_view list) {
  Pairs headers;
  const Refusal incomplete{400, "IncompleteSignature",
                           "The request signature does not conform to platform standards.", false};
  while (!list.empty()) {
    const std::string name(list.substr(0, list.find(';')));
    list.remove_prefix(std::min(list.size(), name.size() + 1));
    const auto value = request.header(name);
    if (!value || name != lower(name)) return incomplete;
    headers.emplace_back(name, *value);
  }
  for (const auto& [name, value] : request.headers) {
    const std::string key = lower(name);
    const bool due = key.starts_with("x-acs-") || key == "host" ||
                     (key == "content-type" && !request.body.empty());
    if (due && find(headers, key) == nullptr) return incomplete;
  }
  return headers;
}

std::optional<Refusal> take_apart_v3(const Request& request, Call& call, bool for_signature) {
  struct Need {
    std::string_view name;
    std::string* into;
  };
  std::string hash;
  for (const Need& need :
       {Need{"x-acs-action", &call.action}, Need{"x-acs-version", &call.version},
        Need{"x-acs-date", &call.timestamp}, Need{"x-acs-signature-nonce", &call.nonce},
        Need{"x-acs-content-sha256", &hash}}) {
    const auto value = request.header(need.name);
    if (!value || value->empty()) return missing(need.name);
    *need.into = *value;
  }
  const auto authorization = parse_authorization(request.header("authorization").value_or(""));
  if (!authorization) {
    return Refusal{400, "IncompleteSignature",
                   "The request signature does not conform to platform standards.", false};
  }
  call.access_key_id = authorization->id;
  call.signature = authorization->signature;
  call.security_token = request.header("x-acs-security-token").value_or("");
  if (!for_signature) return std::nullopt;
  auto headers = signed_headers(request, authorization->signed_headers);
  if (auto* const refusal = std::get_if<Refusal>(&headers)) return *refusal;
  const auto query = parse_form(query_of(request));
  const std::string path = request.target.substr(0, request.target.find('?'));
  // The hash is that of the body as received. If a client claims another one, its signature is
  // wrong.
  call.text_to_sign = v3_text(request.method, path, query.value_or(Pairs{}),
                              std::get<Pairs>(headers), sha256_hex(request.body));
  return std::nullopt;
}

}  // namespace

std::optional<std::string> Request::header(std::string_view lower_name) const {
  for (const auto& [name, value] : headers) {
    if (same(name, lower_name)) return std::string(trim(value));
  }
  return std::nullopt;
}

const std::string* Response::header(std::string_view lower_name) const {
  return find(headers, lower_name);
}

const std::string* Call::parameter(std::string_view name) const {
  return find(parameters, name);
}

Request request_to(std::string method, std::string_view url, Pairs headers, std::string body) {
  Request request{std::move(method), "/", std::move(headers), std::move(body), ""};
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  const std::string_view host = url.substr(0, end);
  url.remove_prefix(end);
  request.target = url.starts_with('/') ? std::string(url) : '/' + std::string(url);
  if (!request.header("host")) request.headers.emplace_back("host", host);
  return request;
}

bool wants_json(const Request& request) {
  const std::string_view body = request.body;
  for (const std::string_view text : {query_of(request), has_form_body(request) ? body : ""}) {
    if (text.find("Format=") == std::string_view::npos) continue;
    const Pairs parameters = parse_form(text).value_or(Pairs{});
    if (const std::string* const format = find(parameters, "Format")) return same(*format, "json");
  }
  const auto accept = request.header("accept");
  return accept && lower(*accept).find("application/json") != std::string::npos;
}

std::variant<Call, Refusal> parse_call(const Request& request, bool for_signature) {
  Call call;
  if (request.target.substr(0, request.target.find('?')) != "/") {
    return Refusal{404, "InvalidApi.NotFound", "Specified api is not found.", false};
  }
  auto query = parse_form(query_of(request));
  auto form = has_form_body(request) ? parse_form(request.body) : Pairs{};
  if (!query || !form) {
    return Refusal{400, "InvalidParameter", "A parameter is not encoded as it should.", false};
  }
  call.parameters = std::move(*query);
  for (auto& pair : *form) call.parameters.push_back(std::move(pair));
  const bool v3 = request.header("authorization").has_value() ||
                  request.header("x-acs-signature-nonce").has_value();
  call.signature_version = v3 ? 3 : 1;
  const auto refusal = v3 ? take_apart_v3(request, call, for_signature)
                          : take_apart_v1(request, call, for_signature);
  if (refusal) return *refusal;
  return call;
}

}  // namespace iotsim
