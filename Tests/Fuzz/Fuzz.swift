import HTTPServer
import HTTPTypes

// Fed by libFuzzer with the Address Sanitizer: `scripts/test fuzz`. A trap, a leak or a broken property is a crash.

/// The first byte chooses what the others are for.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let input = Array(UnsafeBufferPointer(start: start, count: count))
  guard let choice = input.first else { return 0 }
  let bytes = Array(input.dropFirst())
  switch choice % 4 {
  case 0: fuzzParser(bytes)
  case 1: fuzzForm(bytes, type: "application/x-www-form-urlencoded")
  case 2: fuzzForm(bytes, type: "multipart/form-data; boundary=B")
  default: fuzzText(String(decoding: bytes, as: UTF8.self))
  }
  return 0
}

/// Whole, byte by byte and cut in two where the first byte says, the same bytes come to the same.
private func fuzzParser(_ bytes: [UInt8]) {
  let whole = outcomes(bytes, cuts: [])
  precondition(outcomes(bytes, cuts: [], inPieces: true) == whole, "in pieces it differs")
  precondition(outcomes(bytes, cuts: Array(bytes.indices)) == whole, "byte by byte it differs")
  if let first = bytes.first {
    precondition(outcomes(bytes, cuts: [Int(first) % bytes.count]) == whole, "cut it differs")
  }
}

private func outcomes(_ bytes: [UInt8], cuts: [Int], inPieces: Bool = false) -> [String] {
  var pieces: [UInt8] = []
  var parser = RequestParser()
  var results: [String] = []
  var start = 0
  for end in cuts + [bytes.count] {
    parser.append(bytes[start..<end])
    start = end
    stepping: while true {
      let before = parser.bufferedBytes
      precondition(before <= end, "more is buffered than came")
      switch parser.next() {
      case .head: parser.admitBody(maximumBytes: 4_096, inPieces: inPieces)
      case .piece(let piece): pieces += piece
      case .request(let head, let rest):
        let body = pieces + rest
        pieces = []
        precondition(body.count <= 4_096 && parser.bufferedBytes <= before, "it went backwards")
        let framing = "\(head.framing) \(head.keepsAlive) \(head.expectsContinue) \(head.isHTTP10)"
        results.append(
          "\(head.method) \(head.path) \(head.query ?? "-") \(head.authority) \(framing) \(body) \(head.fields)"
        )
      case .rejected(let rejection): return results + ["\(rejection.status.code) \(rejection.reason)"]
      case .needsMore: break stepping
      }
    }
  }
  return results
}

/// What was read from a form is read again from its own encoding.
private func fuzzForm(_ bytes: [UInt8], type: String) {
  let request = Request(method: .post, path: "/", fields: [.contentType: type], body: bytes)
  guard let form = try? Form(body: request) else { return }
  let text = form.fields.map { "\(percentEncoded($0.name))=\(percentEncoded($0.value))" }.joined(separator: "&")
  guard let again = try? Form(urlEncoded: text) else { preconditionFailure("an encoded form is readable") }
  precondition(again.fields.elementsEqual(form.fields) { $0 == $1 }, "an encoded form is the same form")
}

private func fuzzText(_ text: String) {
  precondition(
    text.utf8.contains(0) || percentDecoded(percentEncoded(text)) == text,
    "an encoded text is the same text"
  )
  _ = try? Form(urlEncoded: text)
  _ = percentDecoded(text, plusIsSpace: true)
  _ = MediaType(text)
  _ = HTTPDate.parse(text, now: 1_795_000_000)
  let request = Request(
    method: .get,
    path: "/",
    fields: [.acceptEncoding: text, .ifNoneMatch: text, .ifModifiedSince: text]
  )
  let page = Response(status: .ok, fields: [.eTag: "\"a\""], body: [1])
  _ = PreparedResponse(page, gzip: [2]).response(to: request).conditional(on: request, now: 1_795_000_000)
  _ = EntityTag("a").isMatched(byIfNoneMatch: text)
  _ = Router([Route(.get, "/councils/{council}/meetings/{meeting}") { _ in .text(.ok, "") }]).match(.get, text)
}
