<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
<context>
    <name>Devices</name>
    <message>
        <source>&amp;Add a device…</source>
        <translation>Gerät &amp;hinzufügen&#xa0;…</translation>
    </message>
    <message>
        <source>Add another computer of yours, or a phone. It appears here as soon as it has joined, and each can route through the other where you allow it.</source>
        <translation>Füge einen weiteren Computer oder ein Smartphone hinzu. Sobald das Gerät beigetreten ist, erscheint es hier, und jedes kann über das andere routen, wenn du es erlaubst.</translation>
    </message>
    <message>
        <source>Allow incoming</source>
        <translation>Verbindungen erlauben</translation>
    </message>
    <message>
        <source>Allow incoming from {name}</source>
        <translation>Verbindungen von {name} erlauben</translation>
    </message>
    <message>
        <source>Allow routing</source>
        <translation>Routing erlauben</translation>
    </message>
    <message>
        <source>Allow routing first.</source>
        <translation>Erlaube zuerst das Routing.</translation>
    </message>
    <message>
        <source>Allow routing for {name}</source>
        <translation>{name} das Routing erlauben</translation>
    </message>
    <message>
        <source>Cannot host: {reason}</source>
        <translation>Kann kein Host sein: {reason}</translation>
    </message>
    <message>
        <source>Copied: {address}</source>
        <translation>Kopiert: {address}</translation>
    </message>
    <message>
        <source>Copy IPv6 address</source>
        <translation>IPv6-Adresse kopieren</translation>
    </message>
    <message>
        <source>Copy address</source>
        <translation>Adresse kopieren</translation>
    </message>
    <message>
        <source>External devices</source>
        <translation>Externe Geräte</translation>
    </message>
    <message>
        <source>External devices belong to other people. They appear here after an external invite, which this version of Meshnet cannot make yet. Nothing is permitted to them until you allow it.</source>
        <translation>Externe Geräte gehören anderen Menschen. Sie erscheinen hier nach einer externen Einladung, die diese Version von Meshnet noch nicht erstellen kann. Sie dürfen nichts, bis du es erlaubst.</translation>
    </message>
    <message>
        <source>External devices belong to other people. They appear here after an external invite. Nothing is permitted to them until you allow it.</source>
        <translation>Externe Geräte gehören anderen Menschen. Sie erscheinen hier nach einer externen Einladung. Sie dürfen nichts, bis du es erlaubst.</translation>
    </message>
    <message>
        <source>Favourite: {name}</source>
        <translation>Favorit: {name}</translation>
    </message>
    <message>
        <source>Has not allowed this device to route through it</source>
        <translation>Hat diesem Gerät das Routing nicht erlaubt</translation>
    </message>
    <message>
        <source>Joined by an invite and not confirmed yet</source>
        <translation>Mit einer Einladung beigetreten und noch nicht bestätigt</translation>
    </message>
    <message>
        <source>Lets this device connect to it</source>
        <translation>Lässt Verbindungen von diesem Gerät zu</translation>
    </message>
    <message>
        <source>Lets this device route through it</source>
        <translation>Lässt dieses Gerät über sich routen</translation>
    </message>
    <message>
        <source>Lets this device route through it and reach its local network</source>
        <translation>Lässt dieses Gerät über sich routen und sein lokales Netz erreichen</translation>
    </message>
    <message>
        <source>Local network access</source>
        <translation>Zugriff aufs lokale Netz</translation>
    </message>
    <message>
        <source>Local network access for {name}</source>
        <translation>Zugriff aufs lokale Netz für {name}</translation>
    </message>
    <message>
        <source>Mesh {id}</source>
        <translation>Mesh {id}</translation>
    </message>
    <message>
        <source>More about {name}</source>
        <translation>Mehr zu {name}</translation>
    </message>
    <message>
        <source>No device matches the search.</source>
        <translation>Kein Gerät passt zur Suche.</translation>
    </message>
    <message>
        <source>No external devices</source>
        <translation>Keine externen Geräte</translation>
    </message>
    <message>
        <source>Permits this device nothing</source>
        <translation>Erlaubt diesem Gerät nichts</translation>
    </message>
    <message>
        <source>Remove from the mesh…</source>
        <translation>Aus dem Mesh entfernen&#xa0;…</translation>
    </message>
    <message>
        <source>Route</source>
        <translation>Routen</translation>
    </message>
    <message>
        <source>Routes through this device now</source>
        <translation>Routet gerade über dieses Gerät</translation>
    </message>
    <message>
        <source>Search by name, address, system or state</source>
        <translation>Nach Name, Adresse, System oder Zustand suchen</translation>
    </message>
    <message>
        <source>Search the devices</source>
        <translation>Geräte durchsuchen</translation>
    </message>
    <message>
        <source>Stop routing</source>
        <translation>Routing beenden</translation>
    </message>
    <message>
        <source>This device is alone in its mesh</source>
        <translation>Dieses Gerät ist allein in seinem Mesh</translation>
    </message>
    <message>
        <source>WireGuard app</source>
        <translation>WireGuard-App</translation>
    </message>
    <message>
        <source>Your devices</source>
        <translation>Deine Geräte</translation>
    </message>
    <message>
        <source>blocked</source>
        <translation>blockiert</translation>
    </message>
    <message>
        <source>cannot host: {reason}</source>
        <translation>kann kein Host sein: {reason}</translation>
    </message>
    <message>
        <source>connecting</source>
        <translation>verbindet</translation>
    </message>
    <message>
        <source>does not host</source>
        <translation>ist kein Host</translation>
    </message>
    <message>
        <source>has lost its VPN</source>
        <translation>hat sein VPN verloren</translation>
    </message>
    <message>
        <source>has not allowed routing</source>
        <translation>hat Routing nicht erlaubt</translation>
    </message>
    <message>
        <source>in use as the host</source>
        <translation>wird als Host genutzt</translation>
    </message>
    <message>
        <source>offline</source>
        <translation>offline</translation>
    </message>
    <message>
        <source>offline, seen yesterday {time}</source>
        <translation>offline, zuletzt gestern {time}</translation>
    </message>
    <message>
        <source>offline, seen {time}</source>
        <translation>offline, zuletzt {time}</translation>
    </message>
    <message>
        <source>on a VPN</source>
        <translation>nutzt ein VPN</translation>
    </message>
    <message>
        <source>online</source>
        <translation>online</translation>
    </message>
    <message>
        <source>routes through {host}</source>
        <translation>routet über {host}</translation>
    </message>
    <message>
        <source>{action}: {name}</source>
        <translation>{action}: {name}</translation>
    </message>
    <message>
        <source>{count} device, {online} online</source>
        <translation>{count} Gerät, {online} online</translation>
    </message>
    <message>
        <source>{count} devices, {online} online</source>
        <translation>{count} Geräte, {online} online</translation>
    </message>
    <message>
        <source>{name} has not allowed this device to route through it.</source>
        <translation>{name} hat diesem Gerät nicht erlaubt, darüber zu routen.</translation>
    </message>
    <message>
        <source>{name} is offline.</source>
        <translation>{name} ist offline.</translation>
    </message>
</context>
<context>
    <name>Doctor</name>
    <message>
        <source>&amp;Close</source>
        <translation>&amp;Schließen</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Erneut prüfen</translation>
    </message>
    <message>
        <source>All is well</source>
        <translation>Alles in Ordnung</translation>
    </message>
    <message>
        <source>Ask whoever runs the network to let UDP out, or use another one.</source>
        <translation>Bitte den Betreiber des Netzes, UDP hinauszulassen, oder nutze ein anderes Netz.</translation>
    </message>
    <message>
        <source>Copy “{command}”</source>
        <translation>„{command}“ kopieren</translation>
    </message>
    <message>
        <source>Doctor</source>
        <translation>Diagnose</translation>
    </message>
    <message>
        <source>How other devices reach this one is not known: the coordinator cannot see where it is.</source>
        <translation>Wie andere Geräte dieses erreichen, ist nicht bekannt: Der Koordinator sieht nicht, wo es ist.</translation>
    </message>
    <message>
        <source>How this device meets others</source>
        <translation>Wie dieses Gerät andere erreicht</translation>
    </message>
    <message>
        <source>Looking at this system</source>
        <translation>Dieses System wird geprüft</translation>
    </message>
    <message>
        <source>Looking at this system…</source>
        <translation>Dieses System wird geprüft&#xa0;…</translation>
    </message>
    <message>
        <source>Nothing on this system is in the way of routing or hosting.</source>
        <translation>Auf diesem System steht dem Routing und dem Betrieb als Host nichts im Weg.</translation>
    </message>
    <message>
        <source>One thing needs your attention</source>
        <translation>Eine Sache braucht deine Aufmerksamkeit</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problem</translation>
    </message>
    <message>
        <source>The network that this device is in seems to let no UDP out.</source>
        <translation>Das Netz, in dem dieses Gerät ist, lässt anscheinend kein UDP hinaus.</translation>
    </message>
    <message>
        <source>The router before this device is strict, so traffic with many devices takes the relay. A port forwarded by hand helps: forward it in the router, and enter the address in the settings, under “Hosting”.</source>
        <translation>Der Router vor diesem Gerät ist streng; deshalb läuft der Verkehr mit vielen Geräten über das Relay. Eine Portweiterleitung hilft: Richte sie im Router ein und trage die Adresse in den Einstellungen unter „Host“ ein.</translation>
    </message>
    <message>
        <source>This device meets every other one directly: no router translates its addresses.</source>
        <translation>Dieses Gerät erreicht jedes andere direkt: Kein Router übersetzt seine Adressen.</translation>
    </message>
    <message>
        <source>This device meets nearly every other one directly. With those behind a strict router it uses the relay.</source>
        <translation>Dieses Gerät erreicht fast jedes andere direkt. Für Geräte hinter einem strengen Router nutzt es das Relay.</translation>
    </message>
    <message>
        <source>Worth knowing</source>
        <translation>Gut zu wissen</translation>
    </message>
    <message>
        <source>{number} things need your attention</source>
        <translation>{number} Dinge brauchen deine Aufmerksamkeit</translation>
    </message>
</context>
<context>
    <name>First start</name>
    <message>
        <source>&amp;Add a device</source>
        <translation>Gerät &amp;hinzufügen</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Zurück</translation>
    </message>
    <message>
        <source>&amp;Create</source>
        <translation>&amp;Erstellen</translation>
    </message>
    <message>
        <source>&amp;Invite link</source>
        <translation>&amp;Einladungslink</translation>
    </message>
    <message>
        <source>&amp;Join</source>
        <translation>&amp;Beitreten</translation>
    </message>
    <message>
        <source>&amp;Line of the coordinator</source>
        <translation>Zeile des &amp;Koordinators</translation>
    </message>
    <message>
        <source>&amp;Name of this device</source>
        <translation>&amp;Name dieses Geräts</translation>
    </message>
    <message>
        <source>&amp;Paste</source>
        <translation>E&amp;infügen</translation>
    </message>
    <message>
        <source>&amp;Show my devices</source>
        <translation>Meine &amp;Geräte zeigen</translation>
    </message>
    <message>
        <source>A mesh connects your devices. Each can send its traffic through another one.</source>
        <translation>Ein Mesh verbindet deine Geräte. Jedes kann seinen Verkehr über ein anderes leiten.</translation>
    </message>
    <message>
        <source>A part of it is missing or damaged. Copy the whole line again.</source>
        <translation>Ein Teil fehlt oder ist beschädigt. Kopiere die ganze Zeile noch einmal.</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Befehl</translation>
    </message>
    <message>
        <source>Create a mesh</source>
        <translation>Mesh erstellen</translation>
    </message>
    <message>
        <source>Creating…</source>
        <translation>Wird erstellt&#xa0;…</translation>
    </message>
    <message>
        <source>It does Meshnet&apos;s work in the background, and starts with this computer.</source>
        <translation>Er erledigt im Hintergrund die Arbeit von Meshnet und startet mit diesem Computer.</translation>
    </message>
    <message>
        <source>It does Meshnet&apos;s work in the background. Start it in a terminal, as an administrator:</source>
        <translation>Er erledigt im Hintergrund die Arbeit von Meshnet. Starte ihn als Administrator in einem Terminal:</translation>
    </message>
    <message>
        <source>It is for the account that set it up, and for the group “meshnet”. Become a member of the group, then log out and in again:</source>
        <translation>Meshnet ist dem Konto vorbehalten, das es eingerichtet hat, und der Gruppe „meshnet“. Werde Mitglied der Gruppe und melde dich dann ab und wieder an:</translation>
    </message>
    <message>
        <source>It reaches your other devices, wherever they are.</source>
        <translation>Es erreicht deine anderen Geräte, wo immer sie sind.</translation>
    </message>
    <message>
        <source>Join a mesh</source>
        <translation>Mesh beitreten</translation>
    </message>
    <message>
        <source>Joining…</source>
        <translation>Beitritt läuft&#xa0;…</translation>
    </message>
    <message>
        <source>Let my devices &amp;route through this one</source>
        <translation>Meine Geräte über dieses &amp;routen lassen</translation>
    </message>
    <message>
        <source>Looking for the daemon…</source>
        <translation>Der Dienst wird gesucht&#xa0;…</translation>
    </message>
    <message>
        <source>Meshnet keeps looking by itself.</source>
        <translation>Meshnet sucht von selbst weiter.</translation>
    </message>
    <message>
        <source>Next, add your other devices: computers by a link, phones by a code to scan.</source>
        <translation>Füge nun deine anderen Geräte hinzu: Computer mit einem Link, Smartphones mit einem Code zum Scannen.</translation>
    </message>
    <message>
        <source>Next, choose a device to route through, here or in the menu of the tray icon. It must allow routing.</source>
        <translation>Wähle nun ein Gerät, über das du routest, hier oder im Menü des Symbols. Es muss das Routing erlauben.</translation>
    </message>
    <message>
        <source>On a device that is in the mesh, choose “Add a device”, and paste its link here.</source>
        <translation>Wähle auf einem Gerät des Mesh „Gerät hinzufügen“ und füge den Link von dort hier ein.</translation>
    </message>
    <message>
        <source>On the coordinator&apos;s machine, this command prints the line that is needed here:</source>
        <translation>Auf dem Rechner des Koordinators gibt dieser Befehl die Zeile aus, die hier gebraucht wird:</translation>
    </message>
    <message>
        <source>One of your devices is in a mesh already. You need an invite link from it.</source>
        <translation>Eines deiner Geräte ist schon in einem Mesh. Du brauchst einen Einladungslink von dort.</translation>
    </message>
    <message>
        <source>Step {number} of {count}</source>
        <translation>Schritt {number} von {count}</translation>
    </message>
    <message>
        <source>The daemon and this app are of different versions</source>
        <translation>Der Dienst und diese App haben verschiedene Versionen</translation>
    </message>
    <message>
        <source>The daemon is not running</source>
        <translation>Der Dienst läuft nicht</translation>
    </message>
    <message>
        <source>The key of the mesh is in the file {path}. Whoever has it decides which devices belong.</source>
        <translation>Der Schlüssel des Mesh ist in der Datei {path}. Wer ihn hat, bestimmt, welche Geräte dazugehören.</translation>
    </message>
    <message>
        <source>The key of the mesh is in your keyring. Whoever has it decides which devices belong.</source>
        <translation>Der Schlüssel des Mesh ist in deinem Schlüsselbund. Wer ihn hat, bestimmt, welche Geräte dazugehören.</translation>
    </message>
    <message>
        <source>Their traffic then leaves by this device&apos;s connection. You can change it later.</source>
        <translation>Ihr Verkehr geht dann über den Anschluss dieses Geräts ins Internet. Du kannst das später ändern.</translation>
    </message>
    <message>
        <source>They do not understand each other. Update the older of the two, then start the daemon anew, and this app too:</source>
        <translation>Sie verstehen einander nicht. Aktualisiere das ältere von beiden und starte dann den Dienst und auch diese App neu:</translation>
    </message>
    <message>
        <source>This device is in your mesh</source>
        <translation>Dieses Gerät ist in deinem Mesh</translation>
    </message>
    <message>
        <source>This device is its first.</source>
        <translation>Dieses Gerät ist das erste darin.</translation>
    </message>
    <message>
        <source>This is a coordinator&apos;s line; it creates a mesh. An invite link is needed here.</source>
        <translation>Das ist die Zeile eines Koordinators; mit ihr erstellt man ein Mesh. Hier wird ein Einladungslink gebraucht.</translation>
    </message>
    <message>
        <source>This is an invite link; with it, join a mesh. A coordinator&apos;s line is needed here.</source>
        <translation>Das ist ein Einladungslink; mit ihm tritt man einem Mesh bei. Hier wird die Zeile eines Koordinators gebraucht.</translation>
    </message>
    <message>
        <source>This is no coordinator&apos;s line. One begins with meshnet://create/ and stands on one line.</source>
        <translation>Das ist keine Zeile eines Koordinators. So eine beginnt mit meshnet://create/ und hat keinen Umbruch.</translation>
    </message>
    <message>
        <source>This is no invite link. One begins with meshnet://join/ and stands on one line.</source>
        <translation>Das ist kein Einladungslink. Er beginnt mit meshnet://join/ und hat keinen Umbruch.</translation>
    </message>
    <message>
        <source>This is your first device. You need a coordinator: a small server of your own, where your devices find one another.</source>
        <translation>Das ist dein erstes Gerät. Du brauchst einen Koordinator: einen kleinen eigenen Server, über den sich deine Geräte finden.</translation>
    </message>
    <message>
        <source>Welcome to Meshnet</source>
        <translation>Willkommen bei Meshnet</translation>
    </message>
    <message>
        <source>You may not use Meshnet on this computer yet</source>
        <translation>Du darfst Meshnet auf diesem Computer noch nicht benutzen</translation>
    </message>
    <message>
        <source>Your mesh is ready</source>
        <translation>Dein Mesh ist bereit</translation>
    </message>
</context>
<context>
    <name>Form</name>
    <message>
        <source>Cop&amp;y</source>
        <translation>Kop&amp;ieren</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Kopiert</translation>
    </message>
</context>
<context>
    <name>Header</name>
    <message>
        <source>Choose a host to send the traffic through.</source>
        <translation>Wähle einen Host, über den der Verkehr gehen soll.</translation>
    </message>
    <message>
        <source>Pa&amp;use for 10 minutes</source>
        <translation>Für 10 Minuten p&amp;ausieren</translation>
    </message>
    <message>
        <source>Res&amp;ume now</source>
        <translation>Jetzt &amp;fortsetzen</translation>
    </message>
    <message>
        <source>St&amp;op routing</source>
        <translation>Routing &amp;beenden</translation>
    </message>
    <message>
        <source>Tr&amp;y again</source>
        <translation>Erneut &amp;versuchen</translation>
    </message>
</context>
<context>
    <name>Invite</name>
    <message>
        <source>&amp;Make a code</source>
        <translation>Co&amp;de erstellen</translation>
    </message>
    <message>
        <source>&amp;Make a link</source>
        <translation>&amp;Link erstellen</translation>
    </message>
    <message>
        <source>&amp;Make another link</source>
        <translation>Weiteren &amp;Link erstellen</translation>
    </message>
    <message>
        <source>&amp;Name of the phone</source>
        <translation>&amp;Name des Smartphones</translation>
    </message>
    <message>
        <source>&amp;Through</source>
        <translation>Ü&amp;ber</translation>
    </message>
    <message>
        <source>1 day</source>
        <translation>1 Tag</translation>
    </message>
    <message>
        <source>1 hour</source>
        <translation>1 Stunde</translation>
    </message>
    <message>
        <source>7 days</source>
        <translation>7 Tage</translation>
    </message>
    <message>
        <source>A computer</source>
        <translation>Ein Computer</translation>
    </message>
    <message>
        <source>A phone</source>
        <translation>Ein Smartphone</translation>
    </message>
    <message>
        <source>Add a device</source>
        <translation>Gerät hinzufügen</translation>
    </message>
    <message>
        <source>C&amp;lose</source>
        <translation>S&amp;chließen</translation>
    </message>
    <message>
        <source>Invite link</source>
        <translation>Einladungslink</translation>
    </message>
    <message>
        <source>Making a code…</source>
        <translation>Code wird erstellt&#xa0;…</translation>
    </message>
    <message>
        <source>Making a link…</source>
        <translation>Link wird erstellt&#xa0;…</translation>
    </message>
    <message>
        <source>On the other device, start Meshnet, choose “Join a mesh”, and paste it.</source>
        <translation>Starte Meshnet auf dem anderen Gerät, wähle „Mesh beitreten“ und füge den Link ein.</translation>
    </message>
    <message>
        <source>QR code for the WireGuard app of {phone}</source>
        <translation>QR-Code für die WireGuard-App von {phone}</translation>
    </message>
    <message>
        <source>Scan it with the WireGuard app: “+”, then “Create from QR code”.</source>
        <translation>Scanne den Code mit der WireGuard-App: „+“, dann „Aus QR-Code erstellen“.</translation>
    </message>
    <message>
        <source>The code holds a secret key. It is shown this once and kept nowhere.</source>
        <translation>Der Code enthält einen geheimen Schlüssel. Er wird nur dieses eine Mal gezeigt und nirgends aufbewahrt.</translation>
    </message>
    <message>
        <source>The invite link as a QR code</source>
        <translation>Der Einladungslink als QR-Code</translation>
    </message>
    <message>
        <source>The link holds &amp;for</source>
        <translation>Der Link &amp;gilt</translation>
    </message>
    <message>
        <source>The link lets one device in, until {moment}.</source>
        <translation>Der Link lässt ein einziges Gerät ein, bis {moment}.</translation>
    </message>
    <message>
        <source>The link lets one device in.</source>
        <translation>Der Link lässt ein einziges Gerät ein.</translation>
    </message>
    <message>
        <source>The new device sees your devices and may connect to them. It may route through those that let all your devices do so.</source>
        <translation>Das neue Gerät sieht deine Geräte und darf sich mit ihnen verbinden. Es darf über jene routen, die das all deinen Geräten erlauben.</translation>
    </message>
    <message>
        <source>The phone sends all its traffic through one of your devices. It needs the WireGuard app, and nothing of Meshnet.</source>
        <translation>Das Smartphone leitet seinen ganzen Verkehr über eines deiner Geräte. Es braucht nur die WireGuard-App, nichts von Meshnet.</translation>
    </message>
    <message>
        <source>{device} (this device)</source>
        <translation>{device} (dieses Gerät)</translation>
    </message>
    <message>
        <source>{device} has joined your mesh.</source>
        <translation>{device} ist deinem Mesh beigetreten.</translation>
    </message>
    <message>
        <source>{host} must allow {phone} to route: tick “Allow routing” there, if it is not ticked yet.</source>
        <translation>{host} muss {phone} das Routing erlauben: Setze dort das Häkchen bei „Routing erlauben“, falls es noch fehlt.</translation>
    </message>
    <message>
        <source>{phone} may route through this device.</source>
        <translation>{phone} darf über dieses Gerät routen.</translation>
    </message>
</context>
<context>
    <name>Moments</name>
    <message>
        <source>{day}, {time}</source>
        <translation>{day}, {time}</translation>
    </message>
</context>
<context>
    <name>News</name>
    <message>
        <source>Its traffic leaves by your connection. The window shows how much, and stops it.</source>
        <translation>Sein Verkehr geht über deinen Anschluss ins Internet. Im Fenster siehst du, wie viel es ist, und kannst es anhalten.</translation>
    </message>
    <message>
        <source>Nothing goes out beside the route until the daemon is back.</source>
        <translation>Bis der Dienst zurück ist, geht nichts an der Route vorbei hinaus.</translation>
    </message>
    <message>
        <source>The Meshnet daemon is gone</source>
        <translation>Der Meshnet-Dienst ist weg</translation>
    </message>
    <message>
        <source>The invite was accepted. Decide in the window what the device may do.</source>
        <translation>Die Einladung wurde angenommen. Entscheide im Fenster, was das Gerät darf.</translation>
    </message>
    <message>
        <source>The last host on the way is now {host}.</source>
        <translation>Der letzte Host auf dem Weg ist jetzt {host}.</translation>
    </message>
    <message>
        <source>The pause is over</source>
        <translation>Die Pause ist vorbei</translation>
    </message>
    <message>
        <source>The route cannot go on: {reason}. Your traffic is blocked until it can.</source>
        <translation>Die Route kann nicht weitergehen: {reason}. Dein Verkehr ist blockiert, bis sie es kann.</translation>
    </message>
    <message>
        <source>The route is back</source>
        <translation>Die Route ist wieder da</translation>
    </message>
    <message>
        <source>The world now sees you as {address}.</source>
        <translation>Die Welt sieht dich jetzt als {address}.</translation>
    </message>
    <message>
        <source>Traffic may go out directly until the daemon is back: the kill switch is off.</source>
        <translation>Bis der Dienst zurück ist, kann Verkehr direkt hinausgehen: Der Kill-Switch ist aus.</translation>
    </message>
    <message>
        <source>Your traffic goes through {host} again.</source>
        <translation>Dein Verkehr geht wieder über {host}.</translation>
    </message>
    <message>
        <source>Your traffic goes through {host} while {chosen} is gone.</source>
        <translation>Dein Verkehr geht über {host}, solange {chosen} weg ist.</translation>
    </message>
    <message>
        <source>Your traffic is blocked</source>
        <translation>Dein Verkehr ist blockiert</translation>
    </message>
    <message>
        <source>Your traffic leaves elsewhere</source>
        <translation>Dein Verkehr nimmt einen anderen Ausgang</translation>
    </message>
    <message>
        <source>a hidden host</source>
        <translation>ein verborgener Host</translation>
    </message>
    <message>
        <source>{device} has joined your mesh</source>
        <translation>{device} ist deinem Mesh beigetreten</translation>
    </message>
    <message>
        <source>{device} routes through this device</source>
        <translation>{device} routet über dieses Gerät</translation>
    </message>
    <message>
        <source>{host} has lost its own VPN: your traffic leaves by its own connection.</source>
        <translation>{host} hat sein eigenes VPN verloren: Dein Verkehr geht jetzt über dessen eigenen Anschluss ins Internet.</translation>
    </message>
    <message>
        <source>{host} has taken over</source>
        <translation>{host} ist eingesprungen</translation>
    </message>
    <message>
        <source>{host} is on a VPN now: your traffic leaves by that.</source>
        <translation>{host} nutzt jetzt ein VPN: Dein Verkehr geht durch dieses ins Internet.</translation>
    </message>
    <message>
        <source>{host} is on no VPN any more: your traffic leaves by its own connection.</source>
        <translation>{host} nutzt kein VPN mehr: Dein Verkehr geht jetzt über dessen eigenen Anschluss ins Internet.</translation>
    </message>
    <message>
        <source>{reason}. The route goes on by itself when that is over.</source>
        <translation>{reason}. Die Route geht von selbst weiter, sobald das vorbei ist.</translation>
    </message>
</context>
<context>
    <name>Path</name>
    <message>
        <source>&lt; 1 ms</source>
        <translation>&lt;&#xa0;1&#xa0;ms</translation>
    </message>
    <message>
        <source>by relay</source>
        <translation>über Relay</translation>
    </message>
    <message>
        <source>direct</source>
        <translation>direkt</translation>
    </message>
    <message>
        <source>no path yet</source>
        <translation>noch kein Pfad</translation>
    </message>
    <message>
        <source>{number} ms</source>
        <translation>{number}&#xa0;ms</translation>
    </message>
</context>
<context>
    <name>Questions</name>
    <message>
        <source>A route is stopped, and nobody routes through this device any more. To come back, it has to be invited.</source>
        <translation>Eine Route wird beendet, und niemand routet mehr über dieses Gerät. Um zurückzukommen, muss es eingeladen werden.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>It can no longer reach your devices, nor they it. To bring it back, it has to be invited again.</source>
        <translation>Es erreicht deine Geräte nicht mehr, und sie erreichen es nicht. Um es zurückzuholen, muss es neu eingeladen werden.</translation>
    </message>
    <message>
        <source>Leave</source>
        <translation>Verlassen</translation>
    </message>
    <message>
        <source>Leave the mesh with this device?</source>
        <translation>Das Mesh mit diesem Gerät verlassen?</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Entfernen</translation>
    </message>
    <message>
        <source>Remove {name} from your mesh?</source>
        <translation>{name} aus deinem Mesh entfernen?</translation>
    </message>
</context>
<context>
    <name>Reasons</name>
    <message>
        <source>A name has 1 to 63 characters of any language, and no control characters.</source>
        <translation>Ein Name hat 1 bis 63 Zeichen beliebiger Sprachen und keine Steuerzeichen.</translation>
    </message>
    <message>
        <source>A tool that Meshnet needs is not installed.</source>
        <translation>Ein Werkzeug, das Meshnet braucht, ist nicht installiert.</translation>
    </message>
    <message>
        <source>Another device of the mesh has that name.</source>
        <translation>Ein anderes Gerät des Mesh heißt schon so.</translation>
    </message>
    <message>
        <source>Ask for a new one, or make one with “Add a device” on a device of the mesh.</source>
        <translation>Bitte um einen neuen oder erstelle einen mit „Gerät hinzufügen“ auf einem Gerät des Mesh.</translation>
    </message>
    <message>
        <source>Ask the sender for a new link, and use it for what it was made for.</source>
        <translation>Bitte den Absender um einen neuen Link und nutze ihn für das, wofür er erstellt wurde.</translation>
    </message>
    <message>
        <source>Check the network, and that the coordinator runs. Devices already known keep working meanwhile.</source>
        <translation>Prüfe das Netz und ob der Koordinator läuft. Bekannte Geräte funktionieren inzwischen weiter.</translation>
    </message>
    <message>
        <source>Choose another host, or stop the route on one of the other devices.</source>
        <translation>Wähle einen anderen Host oder beende die Route auf einem der anderen Geräte.</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>Wähle einen anderen Namen.</translation>
    </message>
    <message>
        <source>Choose another one; the list shows those there are.</source>
        <translation>Wähle ein anderes; die Liste zeigt, welche es gibt.</translation>
    </message>
    <message>
        <source>Choose another value; the setting is as it was before.</source>
        <translation>Wähle einen anderen Wert; die Einstellung ist, wie sie war.</translation>
    </message>
    <message>
        <source>Copy the whole line again from the coordinator&apos;s machine.</source>
        <translation>Kopiere die ganze Zeile noch einmal vom Rechner des Koordinators.</translation>
    </message>
    <message>
        <source>Copy the whole link again, or ask for a new one.</source>
        <translation>Kopiere den ganzen Link noch einmal oder bitte um einen neuen.</translation>
    </message>
    <message>
        <source>Create a mesh, or join one by its invite link: the window shows both.</source>
        <translation>Erstelle ein Mesh oder tritt einem mit dessen Einladungslink bei: Das Fenster zeigt beides.</translation>
    </message>
    <message>
        <source>Do it on the device where the mesh was created, as the person who created it.</source>
        <translation>Tu es auf dem Gerät, auf dem das Mesh erstellt wurde, mit dem Konto der Person, die es erstellt hat.</translation>
    </message>
    <message>
        <source>No answer came in time.</source>
        <translation>Es kam nicht rechtzeitig eine Antwort.</translation>
    </message>
    <message>
        <source>On that device, tick “Allow routing” beside the name of this one.</source>
        <translation>Setze auf jenem Gerät in der Zeile dieses Geräts das Häkchen bei „Routing erlauben“.</translation>
    </message>
    <message>
        <source>Open the doctor on that device: it says why, and what to do.</source>
        <translation>Öffne die Diagnose auf jenem Gerät: Sie sagt, warum, und was zu tun ist.</translation>
    </message>
    <message>
        <source>Open the doctor: it looks for the usual causes.</source>
        <translation>Öffne die Diagnose: Sie sucht nach den üblichen Ursachen.</translation>
    </message>
    <message>
        <source>Open the doctor: it names what is missing, and how to install it.</source>
        <translation>Öffne die Diagnose: Sie nennt, was fehlt und wie man es installiert.</translation>
    </message>
    <message>
        <source>Remove devices that are no longer used, or ask whoever runs the coordinator.</source>
        <translation>Entferne Geräte, die nicht mehr benutzt werden, oder frage den Betreiber des Koordinators.</translation>
    </message>
    <message>
        <source>Rename one of them, so that each has a name of its own.</source>
        <translation>Benenne eines davon um, damit jedes seinen eigenen Namen hat.</translation>
    </message>
    <message>
        <source>Several devices answer to that name.</source>
        <translation>Mehrere Geräte heißen so.</translation>
    </message>
    <message>
        <source>Start it in a terminal with “systemctl start meshnetd”, as an administrator.</source>
        <translation>Starte ihn als Administrator in einem Terminal mit „systemctl start meshnetd“.</translation>
    </message>
    <message>
        <source>Start the computer anew, or install Meshnet again.</source>
        <translation>Starte den Computer neu oder installiere Meshnet noch einmal.</translation>
    </message>
    <message>
        <source>Switch it on, check its network, and try again.</source>
        <translation>Schalte es ein, prüfe sein Netz und versuche es noch einmal.</translation>
    </message>
    <message>
        <source>That host itself routes through a chain that leads back to this device.</source>
        <translation>Dieser Host routet selbst über eine Kette, die zu diesem Gerät zurückführt.</translation>
    </message>
    <message>
        <source>The coordinator does not answer, or is not the one that this device knows.</source>
        <translation>Der Koordinator antwortet nicht, oder es ist nicht der, den dieses Gerät kennt.</translation>
    </message>
    <message>
        <source>The coordinator does not let this line create a mesh.</source>
        <translation>Mit dieser Zeile lässt der Koordinator kein Mesh erstellen.</translation>
    </message>
    <message>
        <source>The coordinator has no free address left.</source>
        <translation>Der Koordinator hat keine freie Adresse mehr.</translation>
    </message>
    <message>
        <source>The daemon does not answer.</source>
        <translation>Der Dienst antwortet nicht.</translation>
    </message>
    <message>
        <source>The daemon does not understand what this app asks.</source>
        <translation>Der Dienst versteht nicht, was diese App will.</translation>
    </message>
    <message>
        <source>The device cannot route the traffic of others.</source>
        <translation>Das Gerät kann den Verkehr anderer nicht weiterleiten.</translation>
    </message>
    <message>
        <source>The device has not allowed this one to route through it.</source>
        <translation>Das Gerät hat diesem Gerät das Routing nicht erlaubt.</translation>
    </message>
    <message>
        <source>The device is no longer in the mesh.</source>
        <translation>Das Gerät ist nicht mehr im Mesh.</translation>
    </message>
    <message>
        <source>The device is offline and did not answer.</source>
        <translation>Das Gerät ist offline und hat nicht geantwortet.</translation>
    </message>
    <message>
        <source>The doctor says what this system can do.</source>
        <translation>Die Diagnose sagt, was dieses System kann.</translation>
    </message>
    <message>
        <source>The invite link has expired.</source>
        <translation>Der Einladungslink ist abgelaufen.</translation>
    </message>
    <message>
        <source>The invite link is damaged, or the coordinator does not know it.</source>
        <translation>Der Einladungslink ist beschädigt, oder der Koordinator kennt ihn nicht.</translation>
    </message>
    <message>
        <source>The invite link was used already; each lets one device in.</source>
        <translation>Der Einladungslink wurde schon benutzt; jeder lässt ein Gerät ein.</translation>
    </message>
    <message>
        <source>The link is of another kind, or the mesh behind it is not the one it names.</source>
        <translation>Der Link ist von anderer Art, oder das Mesh dahinter ist nicht das, das er nennt.</translation>
    </message>
    <message>
        <source>The setting does not take that value.</source>
        <translation>Die Einstellung nimmt diesen Wert nicht an.</translation>
    </message>
    <message>
        <source>The system refused a step.</source>
        <translation>Das System hat einen Schritt verweigert.</translation>
    </message>
    <message>
        <source>This app and the daemon are of versions that do not understand each other.</source>
        <translation>Die Versionen dieser App und des Dienstes verstehen einander nicht.</translation>
    </message>
    <message>
        <source>This device is in a mesh already.</source>
        <translation>Dieses Gerät ist schon in einem Mesh.</translation>
    </message>
    <message>
        <source>This device is in no mesh yet.</source>
        <translation>Dieses Gerät ist noch in keinem Mesh.</translation>
    </message>
    <message>
        <source>This needs the key of the mesh, which is not on this device.</source>
        <translation>Dazu braucht es den Schlüssel des Mesh, und der ist nicht auf diesem Gerät.</translation>
    </message>
    <message>
        <source>This system or version cannot do that.</source>
        <translation>Dieses System oder diese Version kann das nicht.</translation>
    </message>
    <message>
        <source>This user may not talk to the daemon.</source>
        <translation>Dieser Benutzer darf nicht mit dem Dienst sprechen.</translation>
    </message>
    <message>
        <source>Try again.</source>
        <translation>Versuche es noch einmal.</translation>
    </message>
    <message>
        <source>Update the older of the two, then start the app again.</source>
        <translation>Aktualisiere das ältere von beiden und starte dann die App neu.</translation>
    </message>
    <message>
        <source>Use the account that made or joined the mesh, or one of the group “meshnet”.</source>
        <translation>Nutze das Konto, das das Mesh erstellt hat oder ihm beigetreten ist, oder eines der Gruppe „meshnet“.</translation>
    </message>
    <message>
        <source>Use the mesh it is in, or leave that one first.</source>
        <translation>Nutze das Mesh, in dem es ist, oder verlasse dieses zuerst.</translation>
    </message>
    <message>
        <source>en</source>
        <comment>the code of the language of these texts, such as de or fr</comment>
        <translation>de</translation>
    </message>
    <message>
        <source>{meaning} ({said})</source>
        <translation>{meaning} ({said})</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>&amp;Appearance</source>
        <translation>A&amp;ussehen</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>S&amp;chließen</translation>
    </message>
    <message>
        <source>&amp;General</source>
        <translation>&amp;Allgemein</translation>
    </message>
    <message>
        <source>&amp;Hosting</source>
        <translation>&amp;Host</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>&amp;Sprache</translation>
    </message>
    <message>
        <source>&amp;Reach the network I am in while routed</source>
        <translation>Auch während einer Route mein lokales &amp;Netz erreichen</translation>
    </message>
    <message>
        <source>&amp;Start with my session</source>
        <translation>Bei der Anmel&amp;dung starten</translation>
    </message>
    <message>
        <source>&amp;Tell me when somebody begins to route through this device</source>
        <translation>&amp;Melden, wenn jemand anfängt, über dieses Gerät zu routen</translation>
    </message>
    <message>
        <source>A blocked route, and one that is back, are always told.</source>
        <translation>Eine blockierte Route und ihre Rückkehr werden immer gemeldet.</translation>
    </message>
    <message>
        <source>A name server of your choice</source>
        <translation>Ein Nameserver deiner Wahl</translation>
    </message>
    <message>
        <source>Add a fallback host</source>
        <translation>Einen Ersatz-Host hinzufügen</translation>
    </message>
    <message>
        <source>Add a host…</source>
        <translation>Host hinzufügen&#xa0;…</translation>
    </message>
    <message>
        <source>Address for other devices</source>
        <translation>Adresse für andere Geräte</translation>
    </message>
    <message>
        <source>Address of the name server</source>
        <translation>Adresse des Nameservers</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Wie das System</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Dunkel</translation>
    </message>
    <message>
        <source>Fallback hosts</source>
        <translation>Ersatz-Hosts</translation>
    </message>
    <message>
        <source>Fallback hosts, in their order</source>
        <translation>Ersatz-Hosts in ihrer Reihenfolge</translation>
    </message>
    <message>
        <source>For names that only your own name server knows; it sees what you look up.</source>
        <translation>Für Namen, die nur dein eigener Nameserver kennt; er sieht, was du nachschlägst.</translation>
    </message>
    <message>
        <source>For printers and other devices around you. Whoever is in that network can then reach this device too, and sees what you do there; leave it off in networks that you do not trust.</source>
        <translation>Für Drucker und andere Geräte in deiner Nähe. Wer in diesem Netz ist, erreicht dann auch dieses Gerät und sieht, was du dort tust; lass es in Netzen aus, denen du nicht vertraust.</translation>
    </message>
    <message>
        <source>From the start of the computer</source>
        <translation>Ab dem Start des Computers</translation>
    </message>
    <message>
        <source>If the route fails, nothing goes out beside it until it is back or you stop it.</source>
        <translation>Fällt die Route aus, geht nichts an ihr vorbei hinaus, bis sie zurück ist oder du sie beendest.</translation>
    </message>
    <message>
        <source>If the route fails, traffic may go out directly and show your own address.</source>
        <translation>Fällt die Route aus, kann Verkehr direkt hinausgehen und deine eigene Adresse zeigen.</translation>
    </message>
    <message>
        <source>It is asked through the host.</source>
        <translation>Er wird über den Host gefragt.</translation>
    </message>
    <message>
        <source>Kill switch</source>
        <translation>Kill-Switch</translation>
    </message>
    <message>
        <source>Language and appearance</source>
        <translation>Sprache und Aussehen</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Hell</translation>
    </message>
    <message>
        <source>Local network</source>
        <translation>Lokales Netz</translation>
    </message>
    <message>
        <source>Move &amp;down</source>
        <translation>Nach &amp;unten</translation>
    </message>
    <message>
        <source>Move &amp;up</source>
        <translation>Nach &amp;oben</translation>
    </message>
    <message>
        <source>Name lookup (DNS)</source>
        <translation>Namensauflösung (DNS)</translation>
    </message>
    <message>
        <source>No further hosts</source>
        <translation>Keine weiteren Hosts</translation>
    </message>
    <message>
        <source>Nobody around you sees which names you look up.</source>
        <translation>Niemand in deinem Netz sieht, welche Namen du nachschlägst.</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Aus</translation>
    </message>
    <message>
        <source>On this desktop</source>
        <translation>Auf diesem Desktop</translation>
    </message>
    <message>
        <source>Only where you have forwarded a port in your router: the public address, and the port if it is another one. Meshnet finds everything else by itself.</source>
        <translation>Nur, wenn du im Router einen Port weitergeleitet hast: die öffentliche Adresse, und den Port, falls es ein anderer ist. Alles Übrige findet Meshnet selbst.</translation>
    </message>
    <message>
        <source>Others cannot reach a device at this. It looks like 203.0.113.7 or 203.0.113.7:51820.</source>
        <translation>So ist ein Gerät für andere nicht erreichbar. Richtig ist etwas wie 203.0.113.7 oder 203.0.113.7:51820.</translation>
    </message>
    <message>
        <source>R&amp;emove</source>
        <translation>&amp;Entfernen</translation>
    </message>
    <message>
        <source>R&amp;outing</source>
        <translation>&amp;Routing</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Einstellungen</translation>
    </message>
    <message>
        <source>Starting with the session could not be changed: {reason}.</source>
        <translation>Der Start bei der Anmeldung konnte nicht geändert werden: {reason}.</translation>
    </message>
    <message>
        <source>Stop those who route through it</source>
        <translation>Alle anhalten, die über dieses Gerät routen</translation>
    </message>
    <message>
        <source>Tell them and go on</source>
        <translation>Bescheid geben und weitermachen</translation>
    </message>
    <message>
        <source>The host</source>
        <translation>Der Host</translation>
    </message>
    <message>
        <source>The icon is there when you have logged in. A route goes on without it.</source>
        <translation>Das Symbol ist nach der Anmeldung da. Eine Route läuft auch ohne dieses weiter.</translation>
    </message>
    <message>
        <source>The same; and after a restart nothing goes out until the wanted route is up.</source>
        <translation>Wie oben; außerdem geht nach einem Neustart nichts hinaus, bis die gewünschte Route steht.</translation>
    </message>
    <message>
        <source>Their traffic leaves by this device&apos;s own connection, and their app says so.</source>
        <translation>Ihr Verkehr geht über den eigenen Anschluss dieses Geräts hinaus, und ihre App sagt es ihnen.</translation>
    </message>
    <message>
        <source>Their traffic waits until the VPN is back; it never leaves by this device&apos;s own connection.</source>
        <translation>Ihr Verkehr wartet, bis das VPN zurück ist; er geht nie über den eigenen Anschluss dieses Geräts hinaus.</translation>
    </message>
    <message>
        <source>They take over, the first that answers, while the host you chose is gone. When it is back, so is the route through it.</source>
        <translation>Der erste, der antwortet, springt ein, solange der gewählte Host weg ist. Ist er zurück, geht die Route wieder über ihn.</translation>
    </message>
    <message>
        <source>This is no address. It looks like 9.9.9.9 or 2620:fe::fe.</source>
        <translation>Das ist keine Adresse. Richtig ist etwas wie 9.9.9.9 oder 2620:fe::fe.</translation>
    </message>
    <message>
        <source>This system&apos;s own</source>
        <translation>Der Nameserver dieses Systems</translation>
    </message>
    <message>
        <source>When this device&apos;s own VPN drops</source>
        <translation>Wenn das eigene VPN dieses Geräts ausfällt</translation>
    </message>
    <message>
        <source>While a route is wanted</source>
        <translation>Solange eine Route gewünscht ist</translation>
    </message>
    <message>
        <source>Who is asked while routed.</source>
        <translation>Wer während einer Route gefragt wird.</translation>
    </message>
    <message>
        <source>the registry cannot be written</source>
        <translation>die Registrierung kann nicht geschrieben werden</translation>
    </message>
</context>
<context>
    <name>State</name>
    <message>
        <source>A mesh connects your devices. Each can send its traffic through another one.</source>
        <translation>Ein Mesh verbindet deine Geräte. Jedes kann seinen Verkehr über ein anderes leiten.</translation>
    </message>
    <message>
        <source>Blocked: {reason}</source>
        <translation>Blockiert: {reason}</translation>
    </message>
    <message>
        <source>Connecting to {host}…</source>
        <translation>Verbinden mit {host}&#xa0;…</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>Verbinden&#xa0;…</translation>
    </message>
    <message>
        <source>Down {received} · up {sent}</source>
        <translation>Empfangen {received} · gesendet {sent}</translation>
    </message>
    <message>
        <source>Looking for the daemon</source>
        <translation>Der Dienst wird gesucht</translation>
    </message>
    <message>
        <source>Meshnet keeps looking by itself.</source>
        <translation>Meshnet sucht von selbst weiter.</translation>
    </message>
    <message>
        <source>Not in a mesh yet</source>
        <translation>Noch in keinem Mesh</translation>
    </message>
    <message>
        <source>Not routed</source>
        <translation>Keine Route</translation>
    </message>
    <message>
        <source>Paused until {time}</source>
        <translation>Pausiert bis {time}</translation>
    </message>
    <message>
        <source>The coordinator does not answer. Known devices keep working; new ones and changes wait.</source>
        <translation>Der Koordinator antwortet nicht. Bekannte Geräte funktionieren weiter; neue Geräte und Änderungen warten.</translation>
    </message>
    <message>
        <source>The route goes on by itself when that is over; meanwhile nothing goes out beside it. Try again now, or stop routing to let traffic go out directly.</source>
        <translation>Die Route geht von selbst weiter, sobald das vorbei ist; bis dahin geht nichts an ihr vorbei hinaus. Versuche es jetzt erneut, oder beende das Routing, damit Verkehr direkt hinausgeht.</translation>
    </message>
    <message>
        <source>This device&apos;s traffic goes out directly. Choose a host to send it through.</source>
        <translation>Der Verkehr dieses Geräts geht direkt hinaus. Wähle einen Host, über den er gehen soll.</translation>
    </message>
    <message>
        <source>Through {host}</source>
        <translation>Über {host}</translation>
    </message>
    <message>
        <source>Through {host} (for {chosen})</source>
        <translation>Über {host} (statt {chosen})</translation>
    </message>
    <message>
        <source>Traffic goes out directly. At {time} it goes through {host} again.</source>
        <translation>Der Verkehr geht direkt hinaus. Um {time} geht er wieder über {host}.</translation>
    </message>
    <message>
        <source>Traffic is being moved to the host.</source>
        <translation>Der Verkehr wird auf den Host umgestellt.</translation>
    </message>
    <message>
        <source>the chain of hosts leads back to this device</source>
        <translation>die Kette der Hosts führt zu diesem Gerät zurück</translation>
    </message>
    <message>
        <source>the host</source>
        <translation>der Host</translation>
    </message>
    <message>
        <source>the route carries nothing</source>
        <translation>über die Route kommt nichts durch</translation>
    </message>
    <message>
        <source>the tunnel does not work</source>
        <translation>der Tunnel funktioniert nicht</translation>
    </message>
    <message>
        <source>this device has no network</source>
        <translation>dieses Gerät hat kein Netz</translation>
    </message>
    <message>
        <source>this system refused a step</source>
        <translation>dieses System hat einen Schritt verweigert</translation>
    </message>
    <message>
        <source>{host} does not answer</source>
        <translation>{host} antwortet nicht</translation>
    </message>
    <message>
        <source>{host} has lost its own VPN</source>
        <translation>{host} hat sein eigenes VPN verloren</translation>
    </message>
    <message>
        <source>{host} no longer allows routing</source>
        <translation>{host} erlaubt das Routing nicht mehr</translation>
    </message>
</context>
<context>
    <name>ThisDevice</name>
    <message>
        <source>&amp;Let my devices route through this one</source>
        <translation>Meine Geräte über dieses routen &amp;lassen</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Abbrechen</translation>
    </message>
    <message>
        <source>Connected to {url}</source>
        <translation>Verbunden mit {url}</translation>
    </message>
    <message>
        <source>Coordinator</source>
        <translation>Koordinator</translation>
    </message>
    <message>
        <source>Copy: {what}</source>
        <translation>Kopieren: {what}</translation>
    </message>
    <message>
        <source>Hosting</source>
        <translation>Host</translation>
    </message>
    <message>
        <source>IPv4 address</source>
        <translation>IPv4-Adresse</translation>
    </message>
    <message>
        <source>IPv6 address</source>
        <translation>IPv6-Adresse</translation>
    </message>
    <message>
        <source>Lea&amp;ve the mesh…</source>
        <translation>Mesh verlas&amp;sen&#xa0;…</translation>
    </message>
    <message>
        <source>Let it go on</source>
        <translation>Weitermachen lassen</translation>
    </message>
    <message>
        <source>Let {name} go on</source>
        <translation>{name} weitermachen lassen</translation>
    </message>
    <message>
        <source>Look for &amp;problems…</source>
        <translation>Nach &amp;Problemen suchen&#xa0;…</translation>
    </message>
    <message>
        <source>Mesh</source>
        <translation>Mesh</translation>
    </message>
    <message>
        <source>Name of this device: {name}</source>
        <translation>Name dieses Geräts: {name}</translation>
    </message>
    <message>
        <source>New name of this device</source>
        <translation>Neuer Name dieses Geräts</translation>
    </message>
    <message>
        <source>No longer allow {name} to route through this device</source>
        <translation>{name} nicht mehr erlauben, über dieses Gerät zu routen</translation>
    </message>
    <message>
        <source>Nobody routes through this device now. Your devices may, whenever they want to.</source>
        <translation>Gerade routet niemand über dieses Gerät. Deine Geräte dürfen es jederzeit.</translation>
    </message>
    <message>
        <source>Nobody routes through this device. Allow it here for all your devices, or for one in its row.</source>
        <translation>Niemand routet über dieses Gerät. Erlaube es hier für all deine Geräte, oder für eines in seiner Zeile.</translation>
    </message>
    <message>
        <source>Public address</source>
        <translation>Öffentliche Adresse</translation>
    </message>
    <message>
        <source>Rena&amp;me…</source>
        <translation>&amp;Umbenennen&#xa0;…</translation>
    </message>
    <message>
        <source>Revoke</source>
        <translation>Verbieten</translation>
    </message>
    <message>
        <source>S&amp;ettings…</source>
        <translation>E&amp;instellungen&#xa0;…</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Speichern</translation>
    </message>
    <message>
        <source>Stop for 10 minutes</source>
        <translation>Für 10 Minuten anhalten</translation>
    </message>
    <message>
        <source>Stop {name} for 10 minutes</source>
        <translation>{name} für 10 Minuten anhalten</translation>
    </message>
    <message>
        <source>System</source>
        <translation>System</translation>
    </message>
    <message>
        <source>This device can route the traffic of others.</source>
        <translation>Dieses Gerät kann den Verkehr anderer weiterleiten.</translation>
    </message>
    <message>
        <source>This device cannot route the traffic of others.</source>
        <translation>Dieses Gerät kann den Verkehr anderer nicht weiterleiten.</translation>
    </message>
    <message>
        <source>This device cannot route the traffic of others: {reason}</source>
        <translation>Dieses Gerät kann den Verkehr anderer nicht weiterleiten: {reason}</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>Version</translation>
    </message>
    <message>
        <source>Who routes through this device</source>
        <translation>Wer über dieses Gerät routet</translation>
    </message>
    <message>
        <source>received {received}, sent {sent}</source>
        <translation>empfangen {received}, gesendet {sent}</translation>
    </message>
    <message>
        <source>since {time} · received {received}, sent {sent}</source>
        <translation>seit {time} · empfangen {received}, gesendet {sent}</translation>
    </message>
    <message>
        <source>stopped until {time}</source>
        <translation>angehalten bis {time}</translation>
    </message>
    <message>
        <source>{url} does not answer. Known devices keep working; new ones and changes wait.</source>
        <translation>{url} antwortet nicht. Bekannte Geräte funktionieren weiter; neue Geräte und Änderungen warten.</translation>
    </message>
    <message>
        <source>… and reach my local &amp;network</source>
        <translation>… und mein lokales Net&amp;z erreichen</translation>
    </message>
</context>
<context>
    <name>Traffic</name>
    <message>
        <source>Down</source>
        <translation>Empfangen</translation>
    </message>
    <message>
        <source>Down {down}, in all {all_down}. Up {up}, in all {all_up}. The most in five minutes: {peak}.</source>
        <translation>Empfangen {down}, insgesamt {all_down}. Gesendet {up}, insgesamt {all_up}. Höchstwert in fünf Minuten: {peak}.</translation>
    </message>
    <message>
        <source>Throughput of the last five minutes</source>
        <translation>Durchsatz der letzten fünf Minuten</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>Gesendet</translation>
    </message>
    <message>
        <source>{amount} in all</source>
        <translation>insgesamt {amount}</translation>
    </message>
    <message>
        <source>{amount}/s</source>
        <translation>{amount}/s</translation>
    </message>
</context>
<context>
    <name>Tray</name>
    <message>
        <source>All devices…</source>
        <translation>Alle Geräte&#xa0;…</translation>
    </message>
    <message>
        <source>Create or join a mesh…</source>
        <translation>Mesh erstellen oder beitreten&#xa0;…</translation>
    </message>
    <message>
        <source>Devices in Meshnet</source>
        <translation>Geräte in Meshnet</translation>
    </message>
    <message>
        <source>It cannot host: {reason}</source>
        <translation>Es kann kein Host sein: {reason}</translation>
    </message>
    <message>
        <source>Let my devices route through this one</source>
        <translation>Meine Geräte über dieses routen lassen</translation>
    </message>
    <message>
        <source>No hosts yet</source>
        <translation>Noch keine Hosts</translation>
    </message>
    <message>
        <source>Open Meshnet</source>
        <translation>Meshnet öffnen</translation>
    </message>
    <message>
        <source>Pause for 10 minutes</source>
        <translation>Für 10 Minuten pausieren</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Beenden</translation>
    </message>
    <message>
        <source>Quit (hosting goes on)</source>
        <translation>Beenden (bleibt Host)</translation>
    </message>
    <message>
        <source>Quit (routing and hosting go on)</source>
        <translation>Beenden (Route läuft weiter, bleibt Host)</translation>
    </message>
    <message>
        <source>Quit (routing goes on)</source>
        <translation>Beenden (Route läuft weiter)</translation>
    </message>
    <message>
        <source>Quit (routing resumes by itself)</source>
        <translation>Beenden (Route geht von selbst weiter)</translation>
    </message>
    <message>
        <source>Resume now</source>
        <translation>Jetzt fortsetzen</translation>
    </message>
    <message>
        <source>Stop routing</source>
        <translation>Routing beenden</translation>
    </message>
    <message>
        <source>This device</source>
        <translation>Dieses Gerät</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Erneut versuchen</translation>
    </message>
    <message>
        <source>Unknown until the daemon answers</source>
        <translation>Unbekannt, bis der Dienst antwortet</translation>
    </message>
    <message>
        <source>and {count} others</source>
        <translation>und {count} weitere</translation>
    </message>
    <message>
        <source>this device cannot route yet</source>
        <translation>dieses Gerät kann noch nicht routen</translation>
    </message>
    <message>
        <source>{name} routes through this device</source>
        <translation>{name} routet über dieses Gerät</translation>
    </message>
    <message>
        <source>{name}: {reason}</source>
        <translation>{name}: {reason}</translation>
    </message>
</context>
<context>
    <name>Way</name>
    <message>
        <source>Internet</source>
        <translation>Internet</translation>
    </message>
    <message>
        <source>Nothing leaves this device until the route works again.</source>
        <translation>Nichts verlässt dieses Gerät, bis die Route wieder funktioniert.</translation>
    </message>
    <message>
        <source>The way of the traffic</source>
        <translation>Der Weg des Verkehrs</translation>
    </message>
    <message>
        <source>The world sees the address of a hidden host.</source>
        <translation>Die Welt sieht die Adresse eines verborgenen Hosts.</translation>
    </message>
    <message>
        <source>The world sees the address of the VPN that {host} is on.</source>
        <translation>Die Welt sieht die Adresse des VPN, das {host} nutzt.</translation>
    </message>
    <message>
        <source>The world sees the address of {host}.</source>
        <translation>Die Welt sieht die Adresse von {host}.</translation>
    </message>
    <message>
        <source>The world sees this device&apos;s own address, {address}.</source>
        <translation>Die Welt sieht die eigene Adresse dieses Geräts, {address}.</translation>
    </message>
    <message>
        <source>The world sees this device&apos;s own address.</source>
        <translation>Die Welt sieht die eigene Adresse dieses Geräts.</translation>
    </message>
    <message>
        <source>The world sees {address}, the address of a hidden host.</source>
        <translation>Die Welt sieht {address}, die Adresse eines verborgenen Hosts.</translation>
    </message>
    <message>
        <source>The world sees {address}, the address of the VPN that {host} is on.</source>
        <translation>Die Welt sieht {address}, die Adresse des VPN, das {host} nutzt.</translation>
    </message>
    <message>
        <source>The world sees {address}, the address of {host}.</source>
        <translation>Die Welt sieht {address}, die Adresse von {host}.</translation>
    </message>
    <message>
        <source>This device</source>
        <translation>Dieses Gerät</translation>
    </message>
    <message>
        <source>Until the host answers, the world sees this device&apos;s own address.</source>
        <translation>Bis der Host antwortet, sieht die Welt die eigene Adresse dieses Geräts.</translation>
    </message>
    <message>
        <source>VPN lost</source>
        <translation>VPN verloren</translation>
    </message>
    <message>
        <source>a hidden host</source>
        <translation>ein verborgener Host</translation>
    </message>
    <message>
        <source>a hidden host&apos;s address</source>
        <translation>Adresse eines verborgenen Hosts</translation>
    </message>
    <message>
        <source>being tried</source>
        <translation>wird versucht</translation>
    </message>
    <message>
        <source>broken</source>
        <translation>unterbrochen</translation>
    </message>
    <message>
        <source>by its VPN</source>
        <translation>über sein VPN</translation>
    </message>
    <message>
        <source>cannot host</source>
        <translation>kann kein Host sein</translation>
    </message>
    <message>
        <source>connecting…</source>
        <translation>verbindet&#xa0;…</translation>
    </message>
    <message>
        <source>directly</source>
        <translation>direkt</translation>
    </message>
    <message>
        <source>directly until {time}</source>
        <translation>direkt bis {time}</translation>
    </message>
    <message>
        <source>does not answer</source>
        <translation>antwortet nicht</translation>
    </message>
    <message>
        <source>instead of {host}</source>
        <translation>statt {host}</translation>
    </message>
    <message>
        <source>leads back</source>
        <translation>führt zurück</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>keine Antwort</translation>
    </message>
    <message>
        <source>no network</source>
        <translation>kein Netz</translation>
    </message>
    <message>
        <source>no tunnel</source>
        <translation>kein Tunnel</translation>
    </message>
    <message>
        <source>not allowed</source>
        <translation>nicht erlaubt</translation>
    </message>
    <message>
        <source>nothing leaves</source>
        <translation>nichts geht hinaus</translation>
    </message>
    <message>
        <source>system refused</source>
        <translation>System verweigert</translation>
    </message>
    <message>
        <source>the VPN&apos;s address</source>
        <translation>Adresse des VPN</translation>
    </message>
    <message>
        <source>the address of {host}</source>
        <translation>Adresse von {host}</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>unbekannt</translation>
    </message>
    <message>
        <source>works</source>
        <translation>funktioniert</translation>
    </message>
    <message>
        <source>your own address</source>
        <translation>deine eigene Adresse</translation>
    </message>
    <message>
        <source>{count} more hosts</source>
        <translation>{count} weitere Hosts</translation>
    </message>
    <message>
        <source>{here} to {there}: {link}.</source>
        <translation>{here} zu {there}: {link}.</translation>
    </message>
    <message>
        <source>{host} has lost its own VPN: the world sees the address of its own connection.</source>
        <translation>{host} hat sein eigenes VPN verloren: Die Welt sieht die Adresse seines eigenen Anschlusses.</translation>
    </message>
    <message>
        <source>{one} and {other}</source>
        <translation>{one} und {other}</translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message>
        <source>&amp;Settings</source>
        <translation>&amp;Einstellungen</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Ausblenden</translation>
    </message>
    <message>
        <source>External devices</source>
        <translation>Externe Geräte</translation>
    </message>
    <message>
        <source>This device</source>
        <translation>Dieses Gerät</translation>
    </message>
    <message>
        <source>Your devices</source>
        <translation>Deine Geräte</translation>
    </message>
</context>
</TS>
