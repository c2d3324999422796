#include "cloud/xml_reader.h"

#include <expat.h>
#include <malloc.h>

#include <cstdlib>

#include "cloud/result_tally.h"

namespace taskwatchd {
namespace {

constexpr std::int64_t kTokenBytes = 1 << 20;
constexpr std::size_t kHeldBytes = 32U << 20U;  // expat keeps every name that it has parsed

// Bytes that expat has allocated on this thread; expat passes its allocator no context to count in.
thread_local std::size_t held = 0;

void* take(std::size_t bytes) {
  if (bytes > kHeldBytes || held > kHeldBytes - bytes) return nullptr;
  void* const memory = std::malloc(bytes);
  if (memory != nullptr) held += ::malloc_usable_size(memory);
  return memory;
}

void drop(void* memory) {
  if (memory != nullptr) held -= ::malloc_usable_size(memory);
  std::free(memory);
}

void* retake(void* memory, std::size_t bytes) {
  if (memory == nullptr) return take(bytes);
  const std::size_t before = ::malloc_usable_size(memory);
  if (bytes > kHeldBytes || held - before > kHeldBytes - bytes) return nullptr;
  void* const moved = std::realloc(memory, bytes);
  if (moved != nullptr) held = held - before + ::malloc_usable_size(moved);
  return moved;
}

constexpr XML_Memory_Handling_Suite kMemory{&take, &retake, &drop};

std::string_view local(const char* name) {
  const std::string_view whole = name;
  const std::size_t colon = whole.rfind(':');
  return colon == std::string_view::npos ? whole : whole.substr(colon + 1);
}

}  // namespace

std::string_view xml_attribute(const char** attributes, std::string_view name) {
  for (; *attributes != nullptr; attributes += 2) {
    if (name == *attributes) return attributes[1];
  }
  return {};
}

struct XmlReader::State {
  explicit State(XmlHandler& to) : handler(to) {}

  XmlHandler& handler;
  std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser{
      XML_ParserCreate_MM(nullptr, &kMemory, nullptr), &XML_ParserFree};
  std::size_t depth = 0;
  std::int64_t fed = 0;
  bool is_bad = false;

  void end_if(bool refused) {
    is_bad = is_bad || refused;
    if (is_bad || handler.is_done()) XML_StopParser(parser.get(), XML_FALSE);
  }

  static void XMLCALL on_open(void* data, const char* name, const char** attributes) {
    State& state = *static_cast<State*>(data);
    if (++state.depth > kResultNesting) return state.end_if(true);
    state.handler.open(local(name), attributes);
    state.end_if(false);
  }
  static void XMLCALL on_close(void* data, const char* name) {
    State& state = *static_cast<State*>(data);
    --state.depth;
    state.handler.close(local(name));
    state.end_if(false);
  }
  static void XMLCALL on_text(void* data, const char* text, int size) {
    State& state = *static_cast<State*>(data);
    state.handler.text({text, static_cast<std::size_t>(size)});
    state.end_if(false);
  }
  static void XMLCALL on_doctype(void* data, const char*, const char*, const char*, int) {
    static_cast<State*>(data)->end_if(true);
  }
};

XmlReader::XmlReader(XmlHandler& handler) : state_(std::make_unique<State>(handler)) {
  const XML_Parser parser = state_->parser.get();
  state_->is_bad = parser == nullptr;
  if (parser == nullptr) return;
  XML_SetUserData(parser, state_.get());
  XML_SetElementHandler(parser, &State::on_open, &State::on_close);
  XML_SetCharacterDataHandler(parser, &State::on_text);
  XML_SetStartDoctypeDeclHandler(parser, &State::on_doctype);
  XML_SetParamEntityParsing(parser, XML_PARAM_ENTITY_PARSING_NEVER);
}

XmlReader::~XmlReader() = default;

bool XmlReader::parse(std::string_view part, bool is_last) {
  State& state = *state_;
  if (state.is_bad || state.handler.is_done()) return false;
  const XML_Parser parser = state.parser.get();
  const XML_Status status =
      XML_Parse(parser, part.data(), static_cast<int>(part.size()), is_last ? 1 : 0);
  if (state.is_bad || state.handler.is_done()) return false;
  state.fed += static_cast<std::int64_t>(part.size());
  // Newer releases of expat have a function with a wider type; this one has only 32 bits.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  const std::int64_t read = XML_GetCurrentByteIndex(parser);
#pragma GCC diagnostic pop
  state.is_bad = status != XML_STATUS_OK || state.fed - read > kTokenBytes;
  return !state.is_bad;
}

bool XmlReader::feed(std::string_view part) {
  return parse(part, false);
}

bool XmlReader::end() {
  parse({}, true);
  return !state_->is_bad;
}

}  // namespace taskwatchd
