import Foundation
import GRDB
import HTTPServer
import HTTPTypes
import Mail

/// `GET` and `POST /sign-in`: a professional reader asks for a link to sign in. The answer is the same for every address,
/// and takes as long; only who may read transcripts gets a letter.
struct SignIn: Sendable {
  let store: Store
  let site: Site
  let letters: LetterFrame
  let sessions: ReadingSession
  let admission: SignupAdmission
  let origin: OriginCheck

  private struct View {
    var email: String?
    /// The transcript they came from.
    var next: String?
    var contact: String
    var errors: FormErrors?
  }

  private struct SignedIn {
    var until: String?
    var contact: String
  }

  func form(_ request: Request) async throws -> Response {
    guard let reader = try await sessions.reader(of: request) else {
      let next = try QueryString(request).first("next") ?? ""
      return try page(Form([(name: "next", value: next)]), [])
    }
    let until = reader.isProfessional(at: store.now()) ? reader.professionalUntil : nil
    let view = SignedIn(
      until: until.map(ReadableDate(site.identity.timeZone).day),
      contact: site.identity.contactEmail
    )
    return try site.page("signed-in", view, title: "You are signed in", visibility: .onlyYou)
  }

  func submit(_ request: Request) async throws -> Response {
    try origin.check(request)
    var input = try FormInput(request)
    if let trap = input.form.first("website"), !trap.isEmpty { return done }
    guard let address = input.email("email") else { return try page(input.form, input.problems) }
    let body = try Self.letter(letters)
    let next = Self.transcript(input.form.first("next") ?? "")
    let now = store.now()
    try await store.write { [admission, keys = store.keys] database in
      try admission.admit(request, database)
      let mayMail = try admission.mayMail(.signIn, to: address, now: now, database)
      guard let subscriber = try Subscriber.find(address, database), subscriber.state != .suppressed,
        subscriber.isProfessional(at: now), mayMail
      else { return try OutgoingMail.queueNothing(instead: .signIn, of: body, key: keys.current, now: now, database) }
      let link = try SignInRequest.insert(for: subscriber.id, next: next, now: now, database)
      try OutgoingMail.queue(
        .signIn,
        to: try EmailAddress(parsing: subscriber.email),
        body: body,
        subscriberID: subscriber.id,
        referenceID: link,
        key: keys.current,
        now: now,
        database
      )
    }
    // The sender is not woken, and looks by itself within a second: a letter that leaves now would slow the answer down.
    return done
  }

  /// `GET /sign-in/check-your-email`.
  func checkYourEmail(_ request: Request) async throws -> Response {
    try site.page(
      "sign-in-sent",
      ["contact": site.identity.contactEmail],
      title: "Check your email",
      visibility: .onlyYou
    )
  }

  /// `POST /sign-out`.
  func signOut(_ request: Request) async throws -> Response {
    try origin.check(request)
    try await sessions.end(request)
    var response = site.seeOther("/sign-in")
    response.fields[.setCookie] = sessions.cookie(nil)
    return response
  }

  static func letter(_ letters: LetterFrame) throws -> LetterBody {
    try letters.body(
      "sign-in",
      .init(
        subject: "Your link to sign in",
        preheader: "It works for an hour, and once.",
        reason: "Someone, probably you, asked on our website to sign in with this address, which may read transcripts."
      ),
      ["link": LetterBody.Slot.confirm.marker, "site": letters.site.name]
    )
  }

  private var done: Response { site.seeOther("/sign-in/check-your-email") }

  /// The path of a transcript, when it is one; anywhere else nobody is sent.
  private static func transcript(_ path: String) -> String? {
    path.wholeMatch(of: /\/councils\/[a-z0-9-]{1,120}\/meetings\/[a-z0-9-]{1,120}\/transcript/) == nil ? nil : path
  }

  private func page(_ form: Form, _ problems: [FieldProblem]) throws -> Response {
    let view = View(
      email: form.first("email"),
      next: form.first("next").flatMap(Self.transcript),
      contact: site.identity.contactEmail,
      errors: FormErrors(problems)
    )
    return try site.page(
      "sign-in",
      view,
      title: problems.isEmpty ? "Sign in" : "Error: Sign in",
      status: problems.isEmpty ? .ok : .unprocessableContent,
      visibility: .onlyYou
    )
  }
}
