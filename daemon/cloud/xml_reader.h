// A streaming XML parser: expat with unneeded features disabled, and limits on its memory. Input
// comes in parts; a single tag or comment that spans too many parts is rejected, because expat
// scans it again with each part. No I/O.
#pragma once

#include <memory>
#include <string_view>

namespace taskwatchd {

class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  // Names are without their prefix; `attributes` as in expat: name, value, ..., nullptr.
  virtual void open(std::string_view element, const char** attributes) = 0;
  virtual void close(std::string_view element) = 0;
  virtual void text(std::string_view part) = 0;
  // True: reading ends.
  virtual bool is_done() const = 0;
};

std::string_view xml_attribute(const char** attributes, std::string_view name);

class XmlReader {
 public:
  explicit XmlReader(XmlHandler& handler);
  ~XmlReader();
  XmlReader(const XmlReader&) = delete;
  XmlReader& operator=(const XmlReader&) = delete;

  // Returns false if no more input is wanted, or the XML is broken.
  bool feed(std::string_view part);
  // Call after the last part. Returns false if the XML is malformed, truncated, nested too deeply,
  // has a document type (and so entities), a tag of more than 1 MiB, or more names than the memory
  // limit allows.
  bool end();

 private:
  struct State;
  bool parse(std::string_view part, bool is_last);
  std::unique_ptr<State> state_;
};

}  // namespace taskwatchd
