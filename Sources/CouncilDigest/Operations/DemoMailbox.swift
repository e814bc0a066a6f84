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

  private struct LetterView {
    struct Field {
      var name: String
      var value: String
    }

    var subject: String
    var from: String
    var to: String
    var date: String
    var frame: String
    var text: String
    var fields: [Field]
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
    let view = LetterView(
      subject: letter.first("subject") ?? "",
      from: letter.first("from") ?? "",
      to: letter.first("to") ?? "",
      date: letter.first("date") ?? "",
      frame: "/demo/mailbox/\(percentEncoded(name))/html",
      text: letter.text,
      fields: letter.fields.map { .init(name: $0.name, value: $0.value) }
    )
    var response = try site.page("demo-letter", view, title: view.subject, visibility: .onlyYou)
    response.fields[.contentSecurityPolicy] =
      "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
      + "frame-ancestors 'none'"
    return response
  }

  /// The HTML part alone, for the frame: inline styles are a letter's way, scripts are nobody's.
  func html(_ request: Request) async throws -> Response {
    let (_, letter) = try read(request)
    let html = letter.html.replacing("<head>", with: "<head><base target=\"_top\">", maxReplacements: 1)
    return Response(
      status: .ok,
      fields: [
        .contentType: "text/html; charset=utf-8", .cacheControl: "no-store",
        .contentSecurityPolicy:
          "default-src 'none'; style-src 'unsafe-inline'; base-uri 'self'; frame-ancestors 'self'; "
          + "sandbox allow-top-navigation-by-user-activation",
      ],
      body: Array(html.utf8)
    )
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
