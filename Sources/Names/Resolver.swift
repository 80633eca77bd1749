package import Libevent
package import Sockets

/// Finds the addresses of host names, without ever blocking its loop: first in the hosts file, then by asking name
/// servers (c-ares).
///
/// Both files, hosts(5) and resolv.conf(5), count as they are when a look-up begins. Where the file has a search list, a name
/// is completed as glibc does it, but by a walk of our own over absolute names: see `Walk`.
package final class Resolver {
  private let loop: EventLoop
  private let nameservers: [SocketAddress]
  private let timeout: Duration
  private let families: Set<AddressFamily>
  private let hosts: HostsFile
  private let system: SystemFile
  private let hasRoute: (SocketAddress) -> Bool
  private var channel: DNSChannel?

  /// Makes a resolver. It may be dropped at any time; look-ups under way go on.
  ///
  /// - Parameters:
  ///   - nameservers: whom to ask; if empty, those of resolv.conf(5), with its search list and options.
  ///   - timeout: how long an answer may take, for each name that is tried; several packets are sent in this time, to different servers if there are.
  ///   - families: the kinds of address that are wanted.
  ///   - hasRoute: whether an address can be reached as far as this machine knows.
  package init(
    nameservers: [SocketAddress] = [], timeout: Duration = .seconds(5),
    families: Set<AddressFamily> = [.ipv4, .ipv6], hosts: HostsFile = HostsFile(),
    resolvConf: String = SystemFile.path, on loop: EventLoop,
    hasRoute: @escaping (SocketAddress) -> Bool = \.hasRoute
  ) {
    loop.assertOnLoop()
    self.loop = loop
    self.nameservers = nameservers
    self.timeout = timeout
    self.families = families
    self.hosts = hosts
    self.hasRoute = hasRoute
    system = SystemFile(resolvConf)
  }

  /// Looks a name up.
  ///
  /// - Parameters:
  ///   - known: which name it was found by before, where there was a choice: that name isn't left because of a failure.
  ///   - answered: called after this method has returned: with what is there when one kind of address is late, and at the
  ///     end, which the timeout brings at the latest; not at all any more when the look-up is dropped.
  package func resolve(
    _ name: String, known: String? = nil, answered: @escaping (Resolution) -> Void
  ) -> Lookup {
    loop.assertOnLoop()
    if let found = hosts.resolution(of: name, families) {
      return Lookup(found: found.routable(hasRoute), on: loop, answered: answered)
    }
    var families = families
    var search = SearchRules()
    if nameservers.isEmpty {
      let settings = system.settings
      search = settings.search
      if settings.avoidsIPv6, families.count > 1 { families.remove(.ipv6) }
    }
    return Lookup(
      Walk(search.candidates(for: name), families, known: known), families, channel: currentChannel, timeout: timeout,
      on: loop, hasRoute: hasRoute, answered: answered)
  }

  /// Looks up where a service is, by its SRV records. The name is asked for as it is: no search list completes it.
  ///
  /// - Parameter answered: called once, after this method has returned; not at all when the look-up is dropped.
  package func resolveService(_ name: String, answered: @escaping (ServiceResolution) -> Void) -> ServiceLookup {
    loop.assertOnLoop()
    return ServiceLookup(name, channel: currentChannel, timeout: timeout, on: loop, answered: answered)
  }

  /// The channel under the settings that hold now; one of others is let go of, and ends with its last look-up.
  private var currentChannel: DNSChannel {
    var settings = DNSChannel.Settings(nameservers: nameservers, timeout: timeout)
    if nameservers.isEmpty {
      let system = system.settings
      settings.nameservers = system.nameservers
      (settings.asksByTCP, settings.rotates) = (system.asksByTCP, system.rotates)
    }
    if let channel, channel.settings == settings { return channel }
    let made = DNSChannel(settings, on: loop)
    channel = made
    return made
  }
}

/// resolv.conf(5), read again when it has changed.
package final class SystemFile {
  /// Where it is.
  package static let path = "/etc/resolv.conf"

  private let path: String
  private var read: (identity: FileIdentity?, settings: SystemSettings)?

  init(_ path: String) { self.path = path }

  /// What it says now; without the file, or a name server in it, this machine is asked.
  var settings: SystemSettings {
    let identity = FileIdentity(path)
    if let read, read.identity == identity { return read.settings }
    let settings = SystemSettings(SmallFile.read(path) ?? "")
    read = (identity, settings)
    return settings
  }
}
