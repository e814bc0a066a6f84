import HTTPServer
import TestSupport
import Testing

@testable import CouncilDigest

@Suite struct SignupAdmissionTests {
  private let chain: Chain

  init() async throws {
    chain = try await Chain(
      "2026-11-20T09:00:00Z",
      ["signup.per_hour": "3", "operator.notify": "op@council.example"]
    )
  }

  /// How many of so many forms, each from a network of its own, are taken.
  private func taken(of forms: Int) async throws -> Int {
    var taken = 0
    for number in 1...forms {
      let request = Request(method: .post, path: "/subscribe", peer: .address("192.0.\(number).1"))
      do {
        try await chain.services.store.write { try chain.services.admission.admit(request, $0) }
        taken += 1
      } catch Refusal.tooMany {
        continue
      }
    }
    return taken
  }

  private func notices() async throws -> Int {
    try await chain.services.store.read { try OutgoingMail.count(.operatorNotice, since: .distantPast, $0) }
  }

  @Test func `when no more forms are taken the operator hears of it, once a day`() async throws {
    #expect(try await taken(of: 2) == 2)
    #expect(try await notices() == 0)
    #expect(try await taken(of: 3) == 1)
    #expect(try await notices() == 1)
    chain.clock.move(by: 2 * 3_600)
    #expect(try await taken(of: 5) == 3)
    #expect(try await notices() == 1)
    chain.clock.move(by: 86_400)
    #expect(try await taken(of: 5) == 3)
    #expect(try await notices() == 2)
  }
}
