import Foundation
import HTTPServer
import HTTPTypes
import Testing

@testable import CouncilDigest

/// What `/api/openapi.json` says, held against the table of routes.
@Suite struct OpenAPITests {
  private struct Document: Decodable {
    struct Operation: Decodable {
      struct Body: Decodable {
        var content: [String: Content]?
      }

      struct Content: Decodable {}

      var summary: String
      var security: [[String: [String]]]
      var requestBody: Body?
      var responses: [String: Answer]
    }

    struct Answer: Decodable {
      var description: String
      var content: [String: Operation.Content]?
    }

    struct Path: Decodable {
      var get: Operation?
      var put: Operation?
      var post: Operation?
      var patch: Operation?
      var delete: Operation?
    }

    var paths: [String: Path]

    /// By method and path.
    var operations: [String: Operation] {
      var all: [String: Operation] = [:]
      for (path, item) in paths {
        all["GET \(path)"] = item.get
        all["PUT \(path)"] = item.put
        all["POST \(path)"] = item.post
        all["PATCH \(path)"] = item.patch
        all["DELETE \(path)"] = item.delete
      }
      return all
    }
  }

  private func document() async throws -> (Document, Chain) {
    let chain = try await Chain("2026-11-25T09:00:00Z")
    let data = OpenAPI.document(for: chain.services.site.identity)
    return (try JSONDecoder().decode(Document.self, from: data), chain)
  }

  private func routes(_ chain: Chain) -> [String: Route] {
    let all = RouteTable(services: chain.services).routes.filter { $0.pattern.hasPrefix(APIKeys.path + "/") }
    return Dictionary(
      uniqueKeysWithValues: all.map { ("\($0.method.rawValue) \($0.pattern.dropFirst(APIKeys.path.count))", $0) }
    )
  }

  @Test func `it describes every call of the API, and none that is not there`() async throws {
    let (document, chain) = try await document()
    #expect(Set(document.operations.keys) == Set(routes(chain).keys))
  }

  @Test func `it names the role that a call needs`() async throws {
    let (document, chain) = try await document()
    var secrets: [Role: String] = [:]
    for role in Role.allCases {
      secrets[role] = try await chain.services.apiKeys.create(name: role.rawValue, role: role).secret
    }
    for (name, route) in routes(chain) {
      let permit = try #require(route.permit, "\(name)")
      let least = Role.allCases.sorted().first { role in
        let key = HTTPFields(dictionaryLiteral: (.authorization, "Bearer \(secrets[role] ?? "")"))
        let request = Request(method: route.method, path: route.pattern, fields: key)
        return (try? permit(request)) != nil
      }
      #expect(document.operations[name]?.security == [["key": [least?.rawValue ?? "nobody"]]], "\(name)")
    }
  }

  @Test func `it says how a call is refused`() async throws {
    let (document, _) = try await document()
    for (name, operation) in document.operations {
      var expected: Set = ["400", "401", "403"]
      // A change may meet a full disk, or a body that is compressed.
      if !name.hasPrefix("GET ") { expected.formUnion(["415", "503"]) }
      if name.hasPrefix("PUT ") { expected.formUnion(["412"]) }
      if name.contains("{") { expected.insert("404") }
      // A council or topic that is put need not be there.
      if ["PUT /councils/{council}", "PUT /topics/{topic}"].contains(name) { expected.remove("404") }
      if operation.requestBody != nil { expected.formUnion(["413", "422"]) }
      #expect(expected.subtracting(operation.responses.keys).isEmpty, "\(name)")
      for (status, answer) in operation.responses where "45".contains(status.prefix(1)) {
        #expect(answer.content?.keys.sorted() == ["application/problem+json"] && !answer.description.isEmpty, "\(name)")
      }
    }
  }
}
