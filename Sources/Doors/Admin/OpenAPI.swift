/// The description of the admin door in OpenAPI 3.1: for programs, and for whoever writes one.
enum OpenAPI {
  /// The document, which lies beside this file and is compiled in.
  static let document = String(decoding: PackageResources.openapi_json, as: UTF8.self)
}
