/// `multipart/form-data` (RFC 7578): the text fields of a form. Files are not taken; their parts count as fields.
enum MultipartForm {
  static func fields(
    in body: [UInt8],
    boundary: String
  ) throws(Form.Problem) -> [(name: String, value: String)] {
    // RFC 2046 §5.1.1: a boundary has 1 to 70 characters.
    guard (1...70).contains(boundary.utf8.count) else { throw .brokenMultipart("the boundary has a wrong length") }
    let delimiter = Array("\r\n--\(boundary)".utf8)
    // The first delimiter may open the body; one CRLF before it makes all delimiters alike.
    let bytes = [0x0D, 0x0A] + body
    guard var position = find(delimiter, in: bytes, from: 0) else { throw .brokenMultipart("no part") }
    var fields: [(name: String, value: String)] = []
    while true {
      position += delimiter.count
      if bytes[position...].starts(with: [0x2D, 0x2D]) { return fields }
      guard bytes[position...].starts(with: [0x0D, 0x0A]) else { throw .brokenMultipart("a broken delimiter") }
      // From behind the CRLF that ends this delimiter: the same CRLF can't begin the next.
      guard let end = find(delimiter, in: bytes, from: position + 2) else {
        throw .brokenMultipart("no closing delimiter")
      }
      guard fields.count < Form.maximumFields else { throw .tooManyFields }
      fields.append(try part(bytes[(position + 2)..<end]))
      position = end
    }
  }

  private static func part(_ bytes: ArraySlice<UInt8>) throws(Form.Problem) -> (name: String, value: String) {
    let all = Array(bytes)
    guard let split = find([0x0D, 0x0A, 0x0D, 0x0A], in: all, from: 0) else {
      throw .brokenMultipart("a part without an empty line after its head")
    }
    guard !all[..<split].contains(0), let head = String(validating: all[..<split], as: UTF8.self) else {
      throw .brokenEncoding(field: "")
    }
    guard let name = fieldName(in: head) else { throw .brokenMultipart("a part without a name") }
    let value = all[(split + 4)...]
    guard !value.contains(0), let text = String(validating: value, as: UTF8.self) else {
      throw .brokenEncoding(field: name)
    }
    return (name, text)
  }

  private static func fieldName(in head: String) -> String? {
    for line in head.utf8.split(separator: 0x0A) {
      let text = String(decoding: line, as: UTF8.self).trimmingOptionalWhitespace
      guard text.asciiLowercased.hasPrefix("content-disposition:") else { continue }
      return MediaType(String(text.dropFirst("content-disposition:".count)).replacing("\r", with: "")).parameters[
        "name"
      ]
    }
    return nil
  }

  private static func find(_ needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard let first = needle.first, bytes.count >= needle.count else { return nil }
    var index = start
    while index <= bytes.count - needle.count {
      if bytes[index] == first, bytes[index..<(index + needle.count)].elementsEqual(needle) { return index }
      index += 1
    }
    return nil
  }
}
