import Foundation
import GRDB
import HTTPServer
import Mail

/// `GET` and `POST /preferences`: the link to somebody's preferences, by letter. The answer is the same for every address,
/// and takes as long; who is not known, or suppressed, gets
/// no letter.
struct AskForPreferences: Sendable {
  let store: Store
  let site: Site
  let letters: ReaderLetters
  let admission: SignupAdmission
  let origin: OriginCheck

  private struct View {
    var email: String?
    var errors: FormErrors?
  }

  func form(_ request: Request) async throws -> Response { try page(Form(), []) }

  func submit(_ request: Request) async throws -> Response {
    try origin.check(request)
    var input = try FormInput(request)
    if let trap = input.form.first("website"), !trap.isEmpty { return done }
    guard let address = input.email("email") else { return try page(input.form, input.problems) }
    let body = try letters.preferencesLink()
    let now = store.now()
    try await store.write { [admission, keys = store.keys] database in
      try admission.admit(request, database)
      let (subscriber, mayMail) = (
        try Subscriber.find(address, database), try admission.mayMail(.preferencesLink, to: address, now: now, database)
      )
      // Who has unsubscribed sees there what is held about them, and may have it deleted.
      guard let subscriber, [.active, .unsubscribed].contains(subscriber.state), mayMail else {
        return try OutgoingMail.queueNothing(
          instead: .preferencesLink,
          of: body,
          key: keys.current,
          now: now,
          database
        )
      }
      try OutgoingMail.queue(
        .preferencesLink,
        to: try EmailAddress(parsing: subscriber.email),
        body: body,
        subscriberID: subscriber.id,
        key: keys.current,
        now: now,
        database
      )
    }
    // The sender is not woken, and looks by itself within a second: a letter that leaves now would slow the answer down.
    return done
  }

  /// `GET /preferences/check-your-email`.
  func checkYourEmail(_ request: Request) async throws -> Response {
    try site.page("preferences-sent", (), title: "Check your email", visibility: .onlyYou)
  }

  private var done: Response { site.seeOther("/preferences/check-your-email") }

  private func page(_ form: Form, _ problems: [FieldProblem]) throws -> Response {
    let title = "Change what you get"
    return try site.page(
      "preferences-ask",
      View(email: form.first("email"), errors: FormErrors(problems)),
      title: problems.isEmpty ? title : "Error: \(title)",
      status: problems.isEmpty ? .ok : .unprocessableContent,
      visibility: .onlyYou
    )
  }
}
