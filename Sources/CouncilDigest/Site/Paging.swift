import HTTPServer

/// `?limit=&after=`: the cursor is the key of the last item seen, so that inserts never shift a page.
struct Paging: Equatable {
  var limit: Int
  var after: String?

  static let maximum = 200

  init(_ request: Request) throws {
    let query = try QueryString(request)
    after = query.first("after")
    guard let text = query.first("limit") else {
      limit = 50
      return
    }
    guard let limit = Int(text), (1...Self.maximum).contains(limit) else {
      throw Refusal.invalid([FieldProblem("limit", "A number from 1 to \(Self.maximum)")])
    }
    self.limit = limit
  }

  /// The cursor as a row id; 0 starts at the beginning.
  func afterID() throws -> Int64 {
    guard let after else { return 0 }
    guard let id = Int64(after), id >= 0 else {
      throw Refusal.invalid([FieldProblem("after", "Not a cursor of this list")])
    }
    return id
  }

  /// Cuts `limit` + 1 fetched items into a page.
  func page<Item: Encodable>(_ fetched: [Item], cursor: (Item) -> String) -> ListPage<Item> {
    let items = Array(fetched.prefix(limit))
    return ListPage(items: items, next: fetched.count > limit ? items.last.map(cursor) : nil)
  }
}

/// The query of a request, decoded.
struct QueryString {
  private let form: Form

  init(_ request: Request) throws {
    do {
      form = try Form(urlEncoded: request.query ?? "")
    } catch {
      throw Refusal.unreadable("The query of the address is not readable")
    }
  }

  /// Empty is the same as absent: a form sends its empty fields too.
  func first(_ name: String) -> String? { form.first(name).flatMap { $0.isEmpty ? nil : $0 } }
  func all(_ name: String) -> [String] { form.all(name) }

  /// Where something begins that can't be taken back, a misspelt parameter must not be lost in silence.
  /// - Throws: `Refusal.invalid` for any but these.
  func refuseOthers(than names: String...) throws {
    let unknown = Set(form.fields.map(\.name)).subtracting(names)
    guard unknown.isEmpty else { throw Refusal.invalid(unknown.sorted().map { FieldProblem($0, "Unknown parameter") }) }
  }
}
