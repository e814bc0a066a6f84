/// The letters about a reader's own address. They repeat nothing that was typed into a form.
struct ReaderLetters: Sendable {
  let frame: LetterFrame

  private var context: [String: String] {
    ["link": LetterBody.Slot.confirm.marker, "site": frame.site.name, "contact": frame.site.contactEmail]
  }

  /// To the new address.
  func addressChange() throws -> LetterBody {
    try frame.body(
      "address-change",
      .init(
        subject: "Confirm your new address",
        preheader: "One click and your letters come here. Nothing changes until then.",
        reason: "Someone, probably you, asked for their letters to be sent to this address."
      ),
      context
    )
  }

  /// To the old one.
  func addressNotice() throws -> LetterBody {
    try frame.body(
      "address-notice",
      .init(
        subject: "Your letters are about to move to another address",
        preheader: "If it was not you, one click stops it.",
        reason: "Your weekly summary comes to this address, and somebody with a link from it asked to change that."
      ),
      context
    )
  }

  func preferencesLink() throws -> LetterBody {
    try frame.body(
      "preferences-link",
      .init(
        subject: "The link to your preferences",
        preheader: "Change what you get, pause, or leave.",
        reason: "Someone, probably you, asked for this link on our website."
      ),
      ["link": LetterBody.Slot.preferences.marker, "site": frame.site.name]
    )
  }
}
