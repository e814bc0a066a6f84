import Foundation
import HTTPServer
import HTTPTypes
import Mail

/// `/demo/mailbox`: the letters in the demonstration's Maildir, as a mail program would show them. `demo` only.
struct DemoMailbox: Sendable {
  let site: Site
  let folder: URL

  private struct Entry {
    var path: String
    var subject: String
    var to: String
    var date: String
  }

  func list(_ request: Request) async throws -> Response {
    let entries = try names().compactMap { name -> (Date, Entry)? in
      let url = folder.appending(path: name)
      let letter = ReceivedLetter(parsing: [UInt8](try Data(contentsOf: url)))
      let written = try url.resourceValues(forKeys: [.contentModificationDateKey]).contentModificationDate
      let entry = Entry(
        path: "/demo/mailbox/\(percentEncoded(name))",
        subject: letter.first("subject") ?? "",
        to: letter.first("to") ?? "",
        date: letter.first("date") ?? ""
      )
      return (written ?? .distantPast, entry)
    }
    let sorted = entries.sorted { $0.0 > $1.0 }.map(\.1)
    return try site.page(
      "demo-mailbox",
      ["letters": sorted, "isEmpty": sorted.isEmpty] as [String: Any],
      title: "Mailbox",
      visibility: .onlyYou
    )
  }

  func letter(_ request: Request) async throws -> Response {
    let (name, letter) = try read(request)
    let view = LetterInBrowser(
      letter,
      frame: "/demo/mailbox/\(percentEncoded(name))/html",
      back: "/demo/mailbox",
      backLabel: "Mailbox"
    )
    var response = try site.page("letter", view, title: view.subject, visibility: .onlyYou)
    response.fields[.contentSecurityPolicy] = LetterInBrowser.policy
    return response
  }

  func html(_ request: Request) async throws -> Response {
    LetterInBrowser.html(of: try read(request).1, followsLinks: true)
  }

  private func read(_ request: Request) throws -> (String, ReceivedLetter) {
    let name = request.parameter("letter")
    guard try names().contains(name) else { throw Refusal.notFound("There is no such letter in the mailbox") }
    let bytes = try Data(contentsOf: folder.appending(path: name))
    return (name, ReceivedLetter(parsing: [UInt8](bytes)))
  }

  private func names() throws -> [String] {
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: folder.path)
  }
}
