import HTTPServer

/// `/confirm/{token}` of a new address, and `/address-change/{token}` of the old one: GET shows one button, POST acts.
struct ConfirmAddress: Sendable {
  let store: Store
  let site: Site

  private struct View {
    var title: String
    var lead: String
    /// What the button says, while there is something to decide.
    var button: String?
  }

  func show(_ id: Int64) async throws -> Response {
    let (change, mayMove) = try await find(id)
    guard let change, change.state == .waiting, mayMove else { return try ended(change, mayMove) }
    return try page(
      View(
        title: "Use this address",
        lead: "Your weekly summary will come to the address where you opened this link, and no longer to the old one.",
        button: "Yes, send my letters here"
      )
    )
  }

  func confirm(_ id: Int64) async throws -> Response {
    let now = store.now()
    let isDone = try await store.write { [keys = store.keys] in
      try AddressChange.confirm(id, keys, now: now, $0)
    }
    let (change, mayMove) = try await find(id)
    return try ended(change, mayMove, isRepeat: !isDone)
  }

  // MARK: The old address

  func showStop(_ request: Request) async throws -> Response {
    let (change, mayMove) = try await find(try number(request))
    guard let change, change.state == .waiting, mayMove else { return try ended(change, mayMove) }
    return try page(
      View(
        title: "Stop the change of address",
        lead: "Somebody asked that your weekly summary goes to another address. If it was not you, stop it here.",
        button: "Stop it, send my letters here as before"
      )
    )
  }

  func stop(_ request: Request) async throws -> Response {
    let id = try number(request)
    let now = store.now()
    let isStopped = try await store.write { try AddressChange.stop(id, now: now, $0) }
    let (change, mayMove) = try await find(id)
    return try ended(change, mayMove, isRepeat: !isStopped)
  }

  private func number(_ request: Request) throws -> Int64 {
    switch MailedLink.read(request.parameter("token"), for: .stopAddressChange, store.keys, now: store.now()) {
    case .valid(let id): return id
    case .expired: throw Refusal.expired("This link worked for 7 days, and so did the one that it could stop")
    case .unknown:
      throw Refusal.notFound("This link is not complete. Open it from the letter again, or copy all of it")
    }
  }

  private func find(_ id: Int64) async throws -> (AddressChange?, mayMove: Bool) {
    try await store.read { database in
      let change = try AddressChange.find(id, database)
      return (change, try change.flatMap { try Subscriber.find(id: $0.subscriber, database) }?.mayMove == true)
    }
  }

  private func ended(_ change: AddressChange?, _ mayMove: Bool, isRepeat: Bool = true) throws -> Response {
    guard mayMove else {
      let lead = "The letters this was about have been ended since, so there is nothing to move. We send nothing."
      return try page(View(title: "There is nothing to change", lead: lead))
    }
    let contact = "If something is wrong, write to \(site.identity.contactEmail)."
    let view =
      switch change?.state {
      case .done:
        View(
          title: "Your address is changed",
          lead: isRepeat
            ? "This was confirmed already: letters go to the new address. \(contact)"
            : "From now on your weekly summary comes to the new address."
        )
      case .stopped:
        View(
          title: "The change is stopped",
          lead: "Letters go to the same address as before. If somebody else asked for the change, they have one of "
            + "your letters: unsubscribing and signing up again gives you fresh links."
        )
      case .replaced:
        View(title: "There is a newer link", lead: "A change of address was asked for again later. Use that letter.")
      case .waiting, nil: View(title: "There is nothing to change", lead: "Nothing was changed. \(contact)")
      }
    return try page(view)
  }

  private func page(_ view: View) throws -> Response {
    try site.page("address-change", view, title: view.title, visibility: .mailedLink)
  }
}
