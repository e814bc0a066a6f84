import Foundation
import HTTPServer
import HTTPTypes

/// What the HTTP server refuses by itself, in the form of all other refusals: problem+json for the API, a page for
/// people.
struct ServerRefusals: Sendable {
  let refusals: RefusalResponses
  let hosts: HostCheck

  /// - Parameter plain: the server's own words.
  func reworded(_ plain: Response, _ refused: RefusedRequest) -> Response {
    guard let path = refused.path else { return plain }
    let request = Request(
      method: refused.method ?? .get,
      path: path,
      authority: refused.head?.authority ?? "",
      fields: refused.head?.fields ?? [:],
      peer: refused.peer
    )
    let wantsJSON = refusals.wantsJSON(request)
    guard wantsJSON || isForPeople(plain.status, refused) else { return plain }
    let (title, forPeople) = Self.words(for: plain.status)
    let own = String(decoding: plain.body, as: UTF8.self).trimmingCharacters(in: .newlines)
    let detail = wantsJSON ? own.prefix(1).uppercased() + own.dropFirst() : forPeople
    return refusals.reworded(plain.status, title, detail, request)
  }

  /// What a browser may come to through no fault of its program. Nobody gets a page under a name that is not ours,
  /// as far as the name is known: it is not where the address or the fields were too long to be read.
  private func isForPeople(_ status: HTTPResponse.Status, _ refused: RefusedRequest) -> Bool {
    guard let head = refused.head else { return [.uriTooLong, .requestHeaderFieldsTooLarge].contains(status) }
    return hosts.isOurs(head.authority, from: refused.peer)
      && [.contentTooLarge, .requestTimeout, .serviceUnavailable].contains(status)
  }

  private static func words(for status: HTTPResponse.Status) -> (title: String, detail: String) {
    switch status {
    case .contentTooLarge:
      ("What you sent is too long", "Go back, shorten it or leave a part of it out, and send it again")
    case .uriTooLong: ("This address is too long", "Shorten what you are looking for, or what you pasted")
    case .requestHeaderFieldsTooLarge:
      ("Your browser sent too much along", "Delete the cookies of this site, and open the page again")
    case .requestTimeout: ("What you sent did not arrive in time", "Check your connection, and send it again")
    case .serviceUnavailable: ("We can’t take this at the moment", "Please try again in a few minutes")
    case .misdirectedRequest: ("This is not where that host is", "Check the address")
    case .notImplemented: ("This service does not know that", "Check how it was asked")
    default: ("What was sent can’t be read", "Check how it was asked")
    }
  }
}
