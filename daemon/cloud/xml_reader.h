// XML read from front to back: expat with what we never want switched off, and bounds on what it
// holds. Fed part by part; a single tag or comment that spans too many parts is refused, for expat
// begins it again with each. Pure.
#pragma once

#include <memory>
#include <string_view>

namespace taskwatchd {

class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  // Names without their prefix; `attributes` as expat gives them: name, value, ..., nullptr.
  virtual void open(std::string_view element, const char** attributes) = 0;
  virtual void close(std::string_view element) = 0;
  virtual void text(std::string_view part) = 0;
  // True: the reading ends.
  virtual bool is_done() const = 0;
};

std::string_view xml_attribute(const char** attributes, std::string_view name);

class XmlReader {
 public:
  explicit XmlReader(XmlHandler& handler);
  ~XmlReader();
  XmlReader(const XmlReader&) = delete;
  XmlReader& operator=(const XmlReader&) = delete;

  // False: no more is wanted, or it is broken.
  bool feed(std::string_view part);
  // After the last part. False if the XML is broken, cut, nested deeply, has a document type (and
  // so entities), a tag of more than 1 MiB, or more names than memory is set aside for.
  bool end();

 private:
  struct State;
  bool parse(std::string_view part, bool is_last);
  std::unique_ptr<State> state_;
};

}  // namespace taskwatchd
