import HTTPServer

/// What a mailed link opens, and what readers do about themselves.
extension RouteTable {
  var readers: [Route] {
    links + preferences + professionals
  }

  private var sessions: ReadingSession { ReadingSession(store: store, isSecure: site.identity.isSecure) }
  private var letters: ReaderLetters { ReaderLetters(frame: services.letters) }

  private var links: [Route] {
    let address = ConfirmAddress(store: store, site: site)
    let confirm = Confirm(
      store: store,
      subscription: ConfirmSubscription(
        store: store,
        site: site,
        nextDigest: { [nextDigest = services.nextDigest] in try await nextDigest() }
      ),
      topicRequest: ConfirmTopicRequest(
        store: store,
        site: site,
        notices: services.notices,
        log: services.log,
        mailQueued: mailQueued
      ),
      address: address
    )
    let unsubscribe = Unsubscribe(store: store, site: site)
    return [
      Route(.get, "/confirm/{token}", confirm.show),
      Route(.post, "/confirm/{token}", confirm.confirm),
      Route(.get, "/address-change/{token}", address.showStop),
      Route(.post, "/address-change/{token}", address.stop),
      Route(.get, "/unsubscribe/{token}", unsubscribe.show),
      Route(.post, "/unsubscribe/{token}", unsubscribe.leave),
    ]
  }

  private var preferences: [Route] {
    let ask = AskForPreferences(
      store: store,
      site: site,
      letters: letters,
      admission: services.admission,
      origin: origin
    )
    let preferences = Preferences(
      store: store,
      site: site,
      changeAddress: ChangeAddress(
        store: store,
        letters: letters,
        admission: services.admission,
        mailQueued: mailQueued
      )
    )
    return [
      Route(.get, "/preferences", ask.form),
      Route(.post, "/preferences", ask.submit),
      Route(.get, "/preferences/check-your-email", ask.checkYourEmail),
      Route(.get, "/preferences/{token}", preferences.show),
      Route(.post, "/preferences/{token}", preferences.change),
    ]
  }

  private var professionals: [Route] {
    let signIn = SignIn(
      store: store,
      site: site,
      letters: services.letters,
      sessions: sessions,
      admission: services.admission,
      origin: origin
    )
    let link = UseSignInLink(store: store, site: site, sessions: sessions)
    let transcript = TranscriptPage(store: store, site: site, sessions: sessions)
    return [
      Route(.get, "/sign-in", signIn.form),
      Route(.post, "/sign-in", signIn.submit),
      Route(.get, "/sign-in/check-your-email", signIn.checkYourEmail),
      Route(.get, "/sign-in/{token}", link.show),
      Route(.post, "/sign-in/{token}", link.signIn),
      Route(.post, "/sign-out", signIn.signOut),
      Route(.get, "/councils/{council}/meetings/{meeting}/transcript", transcript.callAsFunction),
    ]
  }
}
