/// A response with its head as bytes, ready to be completed and sent.
struct Answer: Sendable {
  var head: ResponseHead
  var body: [UInt8]
  var label: String
  var closesConnection = false

  init(head: ResponseHead, body: [UInt8], label: String) {
    self.head = head
    self.body = body
    self.label = label
  }

  init(_ response: Response) {
    head = ResponseHead(response.status, response.fields, bodyBytes: response.body.count)
    body = response.body
    label = response.label
    closesConnection = response.closesConnection
  }
}
