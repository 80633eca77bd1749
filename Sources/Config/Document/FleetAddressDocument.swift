internal import Sockets

/// An object of a fleet's `addresses` as it stands in the file.
struct FleetAddressDocument: Sendable {
  var name: String?
  var host: SocketAddress?
  var action = ActionWord.address
  var interface: String?
  var command: [String]?
  var lease = Duration.seconds(4)
  var prefer: [Located<String>] = []
  var onQuorumLoss = FleetConfiguration.QuorumLoss.release

  /// The words for what moves an address.
  enum ActionWord: String, CaseIterable, Sendable {
    case address, command, none
  }
}

extension FleetAddressDocument {
  /// The keys by action.
  static let kind: Kind<FleetAddressDocument> = Variants(
    key: "action", fallback: ActionWord.address.rawValue,
    shapes: [
      (
        ActionWord.address.rawValue,
        Shape(
          initial,
          place + [
            Field(
              "interface", optional: \.interface, .interface, isRequired: true,
              "The network interface on which the address is put, such as eth0.")
          ] + ownership, check: checkPreference)
      ),
      (
        ActionWord.command.rawValue,
        Shape(
          initial,
          place + [
            Field(
              "command", optional: \.command, .command, isRequired: true,
              "The program that moves the address: its path and its arguments. Behind them it's told claim or release, the name and "
                + "the address. It's run for a release at each start as well.")
          ] + ownership, check: checkPreference)
      ),
      (ActionWord.none.rawValue, Shape(initial, place + ownership, check: checkPreference)),
    ]
  ).kind

  private static let initial = FleetAddressDocument()

  private static let place: [Field<FleetAddressDocument>] = [
    Field("name", optional: \.name, .name, isRequired: true, "What the address is called; unique."),
    Field(
      "address", optional: \.host, .floatingAddress, isRequired: true,
      "The address, IPv4 or IPv6, without a port. It's of no node's own, and listeners may be bound to it on every node."
    ),
    Field(
      "action", \.action, in: initial, .choice,
      "What moves it: address puts it on an interface; command runs a program; none only shows whose it is."),
  ]

  private static let ownership: [Field<FleetAddressDocument>] = [
    Field(
      "lease", \.lease, in: initial, .duration(.seconds(3)...(.seconds(60))),
      "How long a node may count on it after each renewal, and so how long others wait when it dies; a duration."),
    Field(
      "prefer", \.prefer, in: initial, Kind<String>.name.located.list(0...7, what: "names of nodes"),
      "The names of nodes that should have it rather than others, the first ones first."),
    Field(
      "onQuorumLoss", \.onQuorumLoss, in: initial, .choice,
      "What its owner does when it can't be renewed: release gives it up in time; hold keeps it, though another node may have "
        + "it then."),
  ]

  private static func checkPreference(_ address: inout Located<FleetAddressDocument>, _ found: inout Diagnostics) {
    found.twice(address.value.prefer.map { ($0.place, $0.value, "\"\($0.value)\"") }, hint: "name each node once")
  }
}

extension FleetConfiguration.Address {
  /// What a document comes to; only right if nothing was found wrong.
  init(_ document: FleetAddressDocument) {
    let action: FleetConfiguration.Action =
      switch document.action {
      case .address: .address(interface: document.interface ?? "")
      case .command: .command(document.command ?? [])
      case .none: .none
      }
    self.init(
      name: document.name ?? "", host: document.host ?? .unix(path: ""), action: action, lease: document.lease,
      prefer: document.prefer.map(\.value), onQuorumLoss: document.onQuorumLoss)
  }
}

extension FleetAddressDocument {
  /// The object that comes to an address.
  init(_ address: FleetConfiguration.Address) {
    self.init(
      name: address.name, host: address.host, lease: address.lease, prefer: address.prefer.map { Located($0) },
      onQuorumLoss: address.onQuorumLoss)
    switch address.action {
    case .address(let interface): self.interface = interface
    case .command(let words): (action, command) = (.command, words)
    case .none: action = .none
    }
  }
}
