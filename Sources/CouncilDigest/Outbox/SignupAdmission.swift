import Foundation
import GRDB
import HTTPServer
import Mail

/// Whether a form that leads to a letter may be taken from this client, and a letter sent to this address.
struct SignupAdmission: Sendable {
  let store: Store
  let caps: SignupCaps
  let proxies: TrustedProxies
  let notices: OperatorNotices

  /// - Throws: `Refusal.tooMany`, after which nothing of the request is kept.
  func admit(_ request: Request, _ database: Database) throws {
    let network = ClientNetwork(address: proxies.client(of: request))
    switch try caps.admit(network, database, keys: store.keys, now: store.now()) {
    case .welcome: return
    case .welcomeAsLast: try notices.queue(.signupsFull(caps.perHour), database)
    case .tooManyFromNetwork:
      throw Refusal.tooMany("Too many sign-ups came from your network in the last hour", retryAfterSeconds: 3_600)
    case .tooManyInAll:
      throw Refusal.tooMany("Too many people are signing up at the moment", retryAfterSeconds: 3_600)
    }
  }

  /// Of links that somebody who is known here needs to get in.
  private static let linksPerAddressPerDay = 5

  /// False when the address has had its share of such letters. The person at the form is not told. Sign-in links and
  /// links to preferences have shares of their own: a stranger who signs an address up again and again locks nobody out.
  func mayMail(_ kind: OutgoingMail.Kind, to address: EmailAddress, now: Date, _ database: Database) throws -> Bool {
    guard caps.confirmationsPerAddressPerWeek > 0 else { return true }
    let (kinds, days, most) =
      switch kind {
      case .signIn, .preferencesLink: ([kind], 1.0, Self.linksPerAddressPerDay)
      default: (OutgoingMail.Kind.askedForByStrangers, 7.0, caps.confirmationsPerAddressPerWeek)
      }
    let since = now.addingTimeInterval(-days * 86_400)
    return try OutgoingMail.count(kinds, to: address, since: since, database) < most
  }
}

extension OperatorNotice {
  fileprivate static func signupsFull(_ perHour: Int) -> OperatorNotice {
    OperatorNotice(
      subject: "No more sign-ups are taken for now",
      sentences: [
        "\(perHour) forms were sent within an hour, which is as many as signup.per_hour allows. Until fewer come, people are asked to try again later.",
        "If something of yours was in the news, raise it. If not, somebody may be using the forms to send letters to strangers: look at the newest addresses that have not confirmed.",
      ],
      command: "GET /api/v1/subscribers?state=pending",
      isFromPublic: true,
      onceInSeconds: 86_400
    )
  }
}
