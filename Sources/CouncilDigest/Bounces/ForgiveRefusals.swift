import GRDB

/// When a relay refuses nearly everything, its refusals say nothing about the readers, whatever their words: they are
/// forgotten, and whom they suppressed is written to again, unless
/// they have left or complained.
enum ForgiveRefusals {
  static func ofRun(_ run: Int64, _ database: Database) throws {
    let refused = """
      SELECT bounce.id FROM bounce JOIN outgoing_mail ON outgoing_mail.id = bounce.outgoing_mail_id
      JOIN digest_run ON digest_run.id = outgoing_mail.run_id
      WHERE outgoing_mail.run_id = :run AND bounce.evidence = 'reply' AND bounce.received_at >= digest_run.started_at
      """
    try database.execute(
      sql: """
        UPDATE subscriber SET suppressed_because = NULL,
          state = CASE WHEN unsubscribed_at IS NULL THEN 'active' ELSE 'unsubscribed' END
        WHERE state = 'suppressed' AND suppressed_because IS NOT :complaint
          AND id IN (SELECT subscriber_id FROM bounce WHERE id IN (\(refused)))
        """,
      arguments: ["run": run, "complaint": Suppression.complaint]
    )
    try database.execute(sql: "DELETE FROM bounce WHERE id IN (\(refused))", arguments: ["run": run])
  }
}
