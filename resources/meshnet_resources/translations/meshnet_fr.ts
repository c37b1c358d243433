<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr" sourcelanguage="en">
<context>
    <name>Devices</name>
    <message>
        <source>&amp;Add a device…</source>
        <translation>&amp;Ajouter un appareil…</translation>
    </message>
    <message>
        <source>Add another computer of yours, or a phone. It appears here as soon as it has joined, and each can route through the other where you allow it.</source>
        <translation>Ajoutez un autre de vos ordinateurs, ou un téléphone. Il apparaît ici dès qu’il a rejoint le mesh, et chacun peut passer par l’autre si vous l’autorisez.</translation>
    </message>
    <message>
        <source>Allow incoming</source>
        <translation>Autoriser les connexions</translation>
    </message>
    <message>
        <source>Allow incoming from {name}</source>
        <translation>Autoriser les connexions de {name}</translation>
    </message>
    <message>
        <source>Allow routing</source>
        <translation>Autoriser le routage</translation>
    </message>
    <message>
        <source>Allow routing first.</source>
        <translation>Autorisez d’abord le routage.</translation>
    </message>
    <message>
        <source>Allow routing for {name}</source>
        <translation>Autoriser le routage pour {name}</translation>
    </message>
    <message>
        <source>Cannot host: {reason}</source>
        <translation>Ne peut pas être hôte&#xa0;: {reason}</translation>
    </message>
    <message>
        <source>Copied: {address}</source>
        <translation>Copié&#xa0;: {address}</translation>
    </message>
    <message>
        <source>Copy IPv6 address</source>
        <translation>Copier l’adresse IPv6</translation>
    </message>
    <message>
        <source>Copy address</source>
        <translation>Copier l’adresse</translation>
    </message>
    <message>
        <source>External devices</source>
        <translation>Appareils externes</translation>
    </message>
    <message>
        <source>External devices belong to other people. They appear here after an external invite, which this version of Meshnet cannot make yet. Nothing is permitted to them until you allow it.</source>
        <translation>Les appareils externes appartiennent à d’autres personnes. Ils apparaissent ici après une invitation externe, que cette version de Meshnet ne sait pas encore créer. Rien ne leur est permis tant que vous ne l’autorisez pas.</translation>
    </message>
    <message>
        <source>External devices belong to other people. They appear here after an external invite. Nothing is permitted to them until you allow it.</source>
        <translation>Les appareils externes appartiennent à d’autres personnes. Ils apparaissent ici après une invitation externe. Rien ne leur est permis tant que vous ne l’autorisez pas.</translation>
    </message>
    <message>
        <source>Favourite: {name}</source>
        <translation>Favori&#xa0;: {name}</translation>
    </message>
    <message>
        <source>Has not allowed this device to route through it</source>
        <translation>N’a pas autorisé cet appareil à passer par lui</translation>
    </message>
    <message>
        <source>Joined by an invite and not confirmed yet</source>
        <translation>A rejoint par une invitation, pas encore confirmé</translation>
    </message>
    <message>
        <source>Lets this device connect to it</source>
        <translation>Accepte les connexions de cet appareil</translation>
    </message>
    <message>
        <source>Lets this device route through it</source>
        <translation>Laisse cet appareil passer par lui</translation>
    </message>
    <message>
        <source>Lets this device route through it and reach its local network</source>
        <translation>Laisse cet appareil passer par lui et joindre son réseau local</translation>
    </message>
    <message>
        <source>Local network access</source>
        <translation>Accès au réseau local</translation>
    </message>
    <message>
        <source>Local network access for {name}</source>
        <translation>Accès au réseau local pour {name}</translation>
    </message>
    <message>
        <source>Mesh {id}</source>
        <translation>Mesh {id}</translation>
    </message>
    <message>
        <source>More about {name}</source>
        <translation>En savoir plus sur {name}</translation>
    </message>
    <message>
        <source>No device matches the search.</source>
        <translation>Aucun appareil ne correspond à la recherche.</translation>
    </message>
    <message>
        <source>No external devices</source>
        <translation>Aucun appareil externe</translation>
    </message>
    <message>
        <source>Permits this device nothing</source>
        <translation>N’autorise rien à cet appareil</translation>
    </message>
    <message>
        <source>Remove from the mesh…</source>
        <translation>Retirer du mesh…</translation>
    </message>
    <message>
        <source>Route</source>
        <translation>Router</translation>
    </message>
    <message>
        <source>Routes through this device now</source>
        <translation>Passe par cet appareil en ce moment</translation>
    </message>
    <message>
        <source>Search by name, address, system or state</source>
        <translation>Chercher par nom, adresse, système ou état</translation>
    </message>
    <message>
        <source>Search the devices</source>
        <translation>Chercher parmi les appareils</translation>
    </message>
    <message>
        <source>Stop routing</source>
        <translation>Arrêter le routage</translation>
    </message>
    <message>
        <source>This device is alone in its mesh</source>
        <translation>Cet appareil est seul dans son mesh</translation>
    </message>
    <message>
        <source>WireGuard app</source>
        <translation>Application WireGuard</translation>
    </message>
    <message>
        <source>Your devices</source>
        <translation>Vos appareils</translation>
    </message>
    <message>
        <source>blocked</source>
        <translation>bloqué</translation>
    </message>
    <message>
        <source>cannot host: {reason}</source>
        <translation>ne peut pas être hôte&#xa0;: {reason}</translation>
    </message>
    <message>
        <source>connecting</source>
        <translation>connexion</translation>
    </message>
    <message>
        <source>does not host</source>
        <translation>n’est pas hôte</translation>
    </message>
    <message>
        <source>has lost its VPN</source>
        <translation>a perdu son VPN</translation>
    </message>
    <message>
        <source>has not allowed routing</source>
        <translation>n’a pas autorisé le routage</translation>
    </message>
    <message>
        <source>in use as the host</source>
        <translation>utilisé comme hôte</translation>
    </message>
    <message>
        <source>offline</source>
        <translation>hors ligne</translation>
    </message>
    <message>
        <source>offline, seen yesterday {time}</source>
        <translation>hors ligne, vu hier à {time}</translation>
    </message>
    <message>
        <source>offline, seen {time}</source>
        <translation>hors ligne (vu&#xa0;: {time})</translation>
    </message>
    <message>
        <source>on a VPN</source>
        <translation>utilise un VPN</translation>
    </message>
    <message>
        <source>online</source>
        <translation>en ligne</translation>
    </message>
    <message>
        <source>routes through {host}</source>
        <translation>passe par {host}</translation>
    </message>
    <message>
        <source>{action}: {name}</source>
        <translation>{action}&#xa0;: {name}</translation>
    </message>
    <message>
        <source>{count} device, {online} online</source>
        <translation>{count} appareil, {online} en ligne</translation>
    </message>
    <message>
        <source>{count} devices, {online} online</source>
        <translation>{count} appareils, {online} en ligne</translation>
    </message>
    <message>
        <source>{name} has not allowed this device to route through it.</source>
        <translation>{name} n’a pas autorisé cet appareil à passer par lui.</translation>
    </message>
    <message>
        <source>{name} is offline.</source>
        <translation>{name} est hors ligne.</translation>
    </message>
</context>
<context>
    <name>Doctor</name>
    <message>
        <source>&amp;Close</source>
        <translation>&amp;Fermer</translation>
    </message>
    <message>
        <source>&amp;Look again</source>
        <translation>&amp;Vérifier à nouveau</translation>
    </message>
    <message>
        <source>All is well</source>
        <translation>Tout va bien</translation>
    </message>
    <message>
        <source>Ask whoever runs the network to let UDP out, or use another one.</source>
        <translation>Demandez à l’administrateur du réseau de laisser sortir l’UDP, ou utilisez un autre réseau.</translation>
    </message>
    <message>
        <source>Copy “{command}”</source>
        <translation>Copier «&#xa0;{command}&#xa0;»</translation>
    </message>
    <message>
        <source>Doctor</source>
        <translation>Diagnostic</translation>
    </message>
    <message>
        <source>How other devices reach this one is not known: the coordinator cannot see where it is.</source>
        <translation>On ne sait pas comment les autres appareils joignent celui-ci&#xa0;: le coordinateur ne voit pas où il se trouve.</translation>
    </message>
    <message>
        <source>How this device meets others</source>
        <translation>Comment cet appareil joint les autres</translation>
    </message>
    <message>
        <source>Looking at this system</source>
        <translation>Examen de ce système</translation>
    </message>
    <message>
        <source>Looking at this system…</source>
        <translation>Examen de ce système…</translation>
    </message>
    <message>
        <source>Nothing on this system is in the way of routing or hosting.</source>
        <translation>Rien sur ce système n’empêche le routage ni le rôle d’hôte.</translation>
    </message>
    <message>
        <source>One thing needs your attention</source>
        <translation>Un point demande votre attention</translation>
    </message>
    <message>
        <source>Problem</source>
        <translation>Problème</translation>
    </message>
    <message>
        <source>The network that this device is in seems to let no UDP out.</source>
        <translation>Le réseau de cet appareil ne semble pas laisser sortir l’UDP.</translation>
    </message>
    <message>
        <source>The router before this device is strict, so traffic with many devices takes the relay. A port forwarded by hand helps: forward it in the router, and enter the address in the settings, under “Hosting”.</source>
        <translation>Le routeur devant cet appareil est strict&#xa0;; le trafic avec beaucoup d’appareils passe donc par le relais. Une redirection de port aide&#xa0;: créez-la dans le routeur et saisissez l’adresse dans les paramètres, sous «&#xa0;Hôte&#xa0;».</translation>
    </message>
    <message>
        <source>This device meets every other one directly: no router translates its addresses.</source>
        <translation>Cet appareil joint tous les autres directement&#xa0;: aucun routeur ne traduit ses adresses.</translation>
    </message>
    <message>
        <source>This device meets nearly every other one directly. With those behind a strict router it uses the relay.</source>
        <translation>Cet appareil joint presque tous les autres directement. Avec ceux qui sont derrière un routeur strict, il passe par le relais.</translation>
    </message>
    <message>
        <source>Worth knowing</source>
        <translation>Bon à savoir</translation>
    </message>
    <message>
        <source>{number} things need your attention</source>
        <translation>{number} points demandent votre attention</translation>
    </message>
</context>
<context>
    <name>First start</name>
    <message>
        <source>&amp;Add a device</source>
        <translation>&amp;Ajouter un appareil</translation>
    </message>
    <message>
        <source>&amp;Back</source>
        <translation>&amp;Retour</translation>
    </message>
    <message>
        <source>&amp;Create</source>
        <translation>&amp;Créer</translation>
    </message>
    <message>
        <source>&amp;Invite link</source>
        <translation>&amp;Lien d’invitation</translation>
    </message>
    <message>
        <source>&amp;Join</source>
        <translation>Re&amp;joindre</translation>
    </message>
    <message>
        <source>&amp;Line of the coordinator</source>
        <translation>&amp;Ligne du coordinateur</translation>
    </message>
    <message>
        <source>&amp;Name of this device</source>
        <translation>&amp;Nom de cet appareil</translation>
    </message>
    <message>
        <source>&amp;Paste</source>
        <translation>C&amp;oller</translation>
    </message>
    <message>
        <source>&amp;Show my devices</source>
        <translation>&amp;Voir mes appareils</translation>
    </message>
    <message>
        <source>A mesh connects your devices. Each can send its traffic through another one.</source>
        <translation>Un mesh relie vos appareils. Chacun peut envoyer son trafic par un autre.</translation>
    </message>
    <message>
        <source>A part of it is missing or damaged. Copy the whole line again.</source>
        <translation>Il en manque une partie, ou elle est endommagée. Copiez de nouveau toute la ligne.</translation>
    </message>
    <message>
        <source>Command</source>
        <translation>Commande</translation>
    </message>
    <message>
        <source>Create a mesh</source>
        <translation>Créer un mesh</translation>
    </message>
    <message>
        <source>Creating…</source>
        <translation>Création…</translation>
    </message>
    <message>
        <source>It does Meshnet&apos;s work in the background, and starts with this computer.</source>
        <translation>Il fait le travail de Meshnet en arrière-plan et démarre avec cet ordinateur.</translation>
    </message>
    <message>
        <source>It does Meshnet&apos;s work in the background. Start it in a terminal, as an administrator:</source>
        <translation>Il fait le travail de Meshnet en arrière-plan. Démarrez-le dans un terminal, en tant qu’administrateur&#xa0;:</translation>
    </message>
    <message>
        <source>It is for the account that set it up, and for the group “meshnet”. Become a member of the group, then log out and in again:</source>
        <translation>Il est réservé au compte qui l’a configuré et au groupe «&#xa0;meshnet&#xa0;». Devenez membre du groupe, puis fermez et rouvrez votre session&#xa0;:</translation>
    </message>
    <message>
        <source>It reaches your other devices, wherever they are.</source>
        <translation>Il joint vos autres appareils, où qu’ils soient.</translation>
    </message>
    <message>
        <source>Join a mesh</source>
        <translation>Rejoindre un mesh</translation>
    </message>
    <message>
        <source>Joining…</source>
        <translation>Connexion au mesh…</translation>
    </message>
    <message>
        <source>Let my devices &amp;route through this one</source>
        <translation>Laisser mes appareils &amp;passer par celui-ci</translation>
    </message>
    <message>
        <source>Looking for the daemon…</source>
        <translation>Recherche du service…</translation>
    </message>
    <message>
        <source>Meshnet keeps looking by itself.</source>
        <translation>Meshnet continue de chercher tout seul.</translation>
    </message>
    <message>
        <source>Next, add your other devices: computers by a link, phones by a code to scan.</source>
        <translation>Ajoutez ensuite vos autres appareils&#xa0;: les ordinateurs par un lien, les téléphones par un code à scanner.</translation>
    </message>
    <message>
        <source>Next, choose a device to route through, here or in the menu of the tray icon. It must allow routing.</source>
        <translation>Choisissez ensuite un appareil par lequel passer, ici ou dans le menu de l’icône. Il doit autoriser le routage.</translation>
    </message>
    <message>
        <source>On a device that is in the mesh, choose “Add a device”, and paste its link here.</source>
        <translation>Sur un appareil du mesh, choisissez «&#xa0;Ajouter un appareil&#xa0;» et collez le lien ici.</translation>
    </message>
    <message>
        <source>On the coordinator&apos;s machine, this command prints the line that is needed here:</source>
        <translation>Sur la machine du coordinateur, cette commande affiche la ligne à saisir ici&#xa0;:</translation>
    </message>
    <message>
        <source>One of your devices is in a mesh already. You need an invite link from it.</source>
        <translation>L’un de vos appareils est déjà dans un mesh. Il vous faut un lien d’invitation créé sur celui-ci.</translation>
    </message>
    <message>
        <source>Step {number} of {count}</source>
        <translation>Étape {number} sur {count}</translation>
    </message>
    <message>
        <source>The daemon and this app are of different versions</source>
        <translation>Le service et cette application sont de versions différentes</translation>
    </message>
    <message>
        <source>The daemon is not running</source>
        <translation>Le service n’est pas démarré</translation>
    </message>
    <message>
        <source>The key of the mesh is in the file {path}. Whoever has it decides which devices belong.</source>
        <translation>La clé du mesh est dans le fichier {path}. Qui la possède décide des appareils qui en font partie.</translation>
    </message>
    <message>
        <source>The key of the mesh is in your keyring. Whoever has it decides which devices belong.</source>
        <translation>La clé du mesh est dans votre trousseau. Qui la possède décide des appareils qui en font partie.</translation>
    </message>
    <message>
        <source>Their traffic then leaves by this device&apos;s connection. You can change it later.</source>
        <translation>Leur trafic sort alors par la connexion de cet appareil. Vous pourrez changer d’avis plus tard.</translation>
    </message>
    <message>
        <source>They do not understand each other. Update the older of the two, then start the daemon anew, and this app too:</source>
        <translation>Ils ne se comprennent pas. Mettez à jour le plus ancien des deux, puis redémarrez le service, ainsi que cette application&#xa0;:</translation>
    </message>
    <message>
        <source>This device is in your mesh</source>
        <translation>Cet appareil est dans votre mesh</translation>
    </message>
    <message>
        <source>This device is its first.</source>
        <translation>Cet appareil en est le premier.</translation>
    </message>
    <message>
        <source>This is a coordinator&apos;s line; it creates a mesh. An invite link is needed here.</source>
        <translation>C’est la ligne d’un coordinateur&#xa0;; elle sert à créer un mesh. Il faut ici un lien d’invitation.</translation>
    </message>
    <message>
        <source>This is an invite link; with it, join a mesh. A coordinator&apos;s line is needed here.</source>
        <translation>C’est un lien d’invitation&#xa0;; il sert à rejoindre un mesh. Il faut ici la ligne d’un coordinateur.</translation>
    </message>
    <message>
        <source>This is no coordinator&apos;s line. One begins with meshnet://create/ and stands on one line.</source>
        <translation>Ce n’est pas la ligne d’un coordinateur. Elle commence par meshnet://create/ et tient sur une ligne.</translation>
    </message>
    <message>
        <source>This is no invite link. One begins with meshnet://join/ and stands on one line.</source>
        <translation>Ce n’est pas un lien d’invitation. Il commence par meshnet://join/ et tient sur une ligne.</translation>
    </message>
    <message>
        <source>This is your first device. You need a coordinator: a small server of your own, where your devices find one another.</source>
        <translation>C’est votre premier appareil. Il vous faut un coordinateur&#xa0;: un petit serveur à vous, où vos appareils se retrouvent.</translation>
    </message>
    <message>
        <source>Welcome to Meshnet</source>
        <translation>Bienvenue dans Meshnet</translation>
    </message>
    <message>
        <source>You may not use Meshnet on this computer yet</source>
        <translation>Vous ne pouvez pas encore utiliser Meshnet sur cet ordinateur</translation>
    </message>
    <message>
        <source>Your mesh is ready</source>
        <translation>Votre mesh est prêt</translation>
    </message>
</context>
<context>
    <name>Form</name>
    <message>
        <source>Cop&amp;y</source>
        <translation>Copi&amp;er</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>Copié</translation>
    </message>
</context>
<context>
    <name>Header</name>
    <message>
        <source>Choose a host to send the traffic through.</source>
        <translation>Choisissez un hôte par lequel envoyer le trafic.</translation>
    </message>
    <message>
        <source>Pa&amp;use for 10 minutes</source>
        <translation>&amp;Pause de 10 minutes</translation>
    </message>
    <message>
        <source>Res&amp;ume now</source>
        <translation>&amp;Reprendre maintenant</translation>
    </message>
    <message>
        <source>St&amp;op routing</source>
        <translation>Arrêter le r&amp;outage</translation>
    </message>
    <message>
        <source>Tr&amp;y again</source>
        <translation>Rée&amp;ssayer</translation>
    </message>
</context>
<context>
    <name>Invite</name>
    <message>
        <source>&amp;Make a code</source>
        <translation>&amp;Créer un code</translation>
    </message>
    <message>
        <source>&amp;Make a link</source>
        <translation>&amp;Créer un lien</translation>
    </message>
    <message>
        <source>&amp;Make another link</source>
        <translation>&amp;Créer un autre lien</translation>
    </message>
    <message>
        <source>&amp;Name of the phone</source>
        <translation>&amp;Nom du téléphone</translation>
    </message>
    <message>
        <source>&amp;Through</source>
        <translation>&amp;Via</translation>
    </message>
    <message>
        <source>1 day</source>
        <translation>1 jour</translation>
    </message>
    <message>
        <source>1 hour</source>
        <translation>1 heure</translation>
    </message>
    <message>
        <source>7 days</source>
        <translation>7 jours</translation>
    </message>
    <message>
        <source>A computer</source>
        <translation>Un ordinateur</translation>
    </message>
    <message>
        <source>A phone</source>
        <translation>Un téléphone</translation>
    </message>
    <message>
        <source>Add a device</source>
        <translation>Ajouter un appareil</translation>
    </message>
    <message>
        <source>C&amp;lose</source>
        <translation>&amp;Fermer</translation>
    </message>
    <message>
        <source>Invite link</source>
        <translation>Lien d’invitation</translation>
    </message>
    <message>
        <source>Making a code…</source>
        <translation>Création du code…</translation>
    </message>
    <message>
        <source>Making a link…</source>
        <translation>Création du lien…</translation>
    </message>
    <message>
        <source>On the other device, start Meshnet, choose “Join a mesh”, and paste it.</source>
        <translation>Sur l’autre appareil, lancez Meshnet, choisissez «&#xa0;Rejoindre un mesh&#xa0;» et collez-le.</translation>
    </message>
    <message>
        <source>QR code for the WireGuard app of {phone}</source>
        <translation>Code QR pour l’application WireGuard de {phone}</translation>
    </message>
    <message>
        <source>Scan it with the WireGuard app: “+”, then “Create from QR code”.</source>
        <translation>Scannez-le avec l’application WireGuard&#xa0;: «&#xa0;+&#xa0;», puis «&#xa0;Créer à partir d’un code QR&#xa0;».</translation>
    </message>
    <message>
        <source>The code holds a secret key. It is shown this once and kept nowhere.</source>
        <translation>Le code contient une clé secrète. Il n’est affiché que cette fois et n’est conservé nulle part.</translation>
    </message>
    <message>
        <source>The invite link as a QR code</source>
        <translation>Le lien d’invitation sous forme de code QR</translation>
    </message>
    <message>
        <source>The link holds &amp;for</source>
        <translation>Le lien est &amp;valable</translation>
    </message>
    <message>
        <source>The link lets one device in, until {moment}.</source>
        <translation>Le lien fait entrer un seul appareil (expiration&#xa0;: {moment}).</translation>
    </message>
    <message>
        <source>The link lets one device in.</source>
        <translation>Le lien fait entrer un seul appareil.</translation>
    </message>
    <message>
        <source>The new device sees your devices and may connect to them. It may route through those that let all your devices do so.</source>
        <translation>Le nouvel appareil voit vos appareils et peut s’y connecter. Il peut passer par ceux qui l’autorisent à tous vos appareils.</translation>
    </message>
    <message>
        <source>The phone sends all its traffic through one of your devices. It needs the WireGuard app, and nothing of Meshnet.</source>
        <translation>Le téléphone envoie tout son trafic par l’un de vos appareils. Il lui faut seulement l’application WireGuard, rien de Meshnet.</translation>
    </message>
    <message>
        <source>{device} (this device)</source>
        <translation>{device} (cet appareil)</translation>
    </message>
    <message>
        <source>{device} has joined your mesh.</source>
        <translation>{device} a rejoint votre mesh.</translation>
    </message>
    <message>
        <source>{host} must allow {phone} to route: tick “Allow routing” there, if it is not ticked yet.</source>
        <translation>{host} doit autoriser {phone} à passer par lui&#xa0;: cochez-y «&#xa0;Autoriser le routage&#xa0;», si ce n’est pas déjà fait.</translation>
    </message>
    <message>
        <source>{phone} may route through this device.</source>
        <translation>{phone} peut passer par cet appareil.</translation>
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
        <translation>Son trafic sort par votre connexion. La fenêtre indique combien, et permet de l’arrêter.</translation>
    </message>
    <message>
        <source>Nothing goes out beside the route until the daemon is back.</source>
        <translation>Jusqu’au retour du service, rien ne sort en dehors de la route.</translation>
    </message>
    <message>
        <source>The Meshnet daemon is gone</source>
        <translation>Le service Meshnet ne répond plus</translation>
    </message>
    <message>
        <source>The invite was accepted. Decide in the window what the device may do.</source>
        <translation>L’invitation a été acceptée. Décidez dans la fenêtre de ce que l’appareil peut faire.</translation>
    </message>
    <message>
        <source>The last host on the way is now {host}.</source>
        <translation>Le dernier hôte du trajet est maintenant {host}.</translation>
    </message>
    <message>
        <source>The pause is over</source>
        <translation>La pause est terminée</translation>
    </message>
    <message>
        <source>The route cannot go on: {reason}. Your traffic is blocked until it can.</source>
        <translation>La route ne peut pas reprendre&#xa0;: {reason}. Votre trafic est bloqué jusque-là.</translation>
    </message>
    <message>
        <source>The route is back</source>
        <translation>La route est rétablie</translation>
    </message>
    <message>
        <source>The world now sees you as {address}.</source>
        <translation>Le monde vous voit maintenant comme {address}.</translation>
    </message>
    <message>
        <source>Traffic may go out directly until the daemon is back: the kill switch is off.</source>
        <translation>Jusqu’au retour du service, le trafic peut sortir directement&#xa0;: le kill switch est désactivé.</translation>
    </message>
    <message>
        <source>Your traffic goes through {host} again.</source>
        <translation>Votre trafic passe de nouveau par {host}.</translation>
    </message>
    <message>
        <source>Your traffic goes through {host} while {chosen} is gone.</source>
        <translation>Votre trafic passe par {host} tant que {chosen} est absent.</translation>
    </message>
    <message>
        <source>Your traffic is blocked</source>
        <translation>Votre trafic est bloqué</translation>
    </message>
    <message>
        <source>Your traffic leaves elsewhere</source>
        <translation>Votre trafic sort ailleurs</translation>
    </message>
    <message>
        <source>a hidden host</source>
        <translation>un hôte masqué</translation>
    </message>
    <message>
        <source>{device} has joined your mesh</source>
        <translation>{device} a rejoint votre mesh</translation>
    </message>
    <message>
        <source>{device} routes through this device</source>
        <translation>{device} passe par cet appareil</translation>
    </message>
    <message>
        <source>{host} has lost its own VPN: your traffic leaves by its own connection.</source>
        <translation>{host} a perdu son propre VPN&#xa0;: votre trafic sort par sa propre connexion.</translation>
    </message>
    <message>
        <source>{host} has taken over</source>
        <translation>{host} a pris le relais</translation>
    </message>
    <message>
        <source>{host} is on a VPN now: your traffic leaves by that.</source>
        <translation>{host} utilise maintenant un VPN&#xa0;: votre trafic sort par celui-ci.</translation>
    </message>
    <message>
        <source>{host} is on no VPN any more: your traffic leaves by its own connection.</source>
        <translation>{host} n’utilise plus de VPN&#xa0;: votre trafic sort par sa propre connexion.</translation>
    </message>
    <message>
        <source>{reason}. The route goes on by itself when that is over.</source>
        <translation>{reason}. La route reprendra d’elle-même ensuite.</translation>
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
        <translation>par relais</translation>
    </message>
    <message>
        <source>direct</source>
        <translation>direct</translation>
    </message>
    <message>
        <source>no path yet</source>
        <translation>pas encore de chemin</translation>
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
        <translation>Une route est arrêtée, et plus personne ne passe par cet appareil. Pour revenir, il devra être invité.</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>It can no longer reach your devices, nor they it. To bring it back, it has to be invited again.</source>
        <translation>Il ne pourra plus joindre vos appareils, ni eux le joindre. Pour le faire revenir, il faudra l’inviter de nouveau.</translation>
    </message>
    <message>
        <source>Leave</source>
        <translation>Quitter</translation>
    </message>
    <message>
        <source>Leave the mesh with this device?</source>
        <translation>Quitter le mesh avec cet appareil&#xa0;?</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>Retirer</translation>
    </message>
    <message>
        <source>Remove {name} from your mesh?</source>
        <translation>Retirer {name} de votre mesh&#xa0;?</translation>
    </message>
</context>
<context>
    <name>Reasons</name>
    <message>
        <source>A name has 1 to 63 characters of any language, and no control characters.</source>
        <translation>Un nom comporte de 1 à 63 caractères de toute langue, sans caractère de contrôle.</translation>
    </message>
    <message>
        <source>A tool that Meshnet needs is not installed.</source>
        <translation>Un outil dont Meshnet a besoin n’est pas installé.</translation>
    </message>
    <message>
        <source>Another device of the mesh has that name.</source>
        <translation>Un autre appareil du mesh porte déjà ce nom.</translation>
    </message>
    <message>
        <source>Ask for a new one, or make one with “Add a device” on a device of the mesh.</source>
        <translation>Demandez-en un nouveau, ou créez-en un avec «&#xa0;Ajouter un appareil&#xa0;» sur un appareil du mesh.</translation>
    </message>
    <message>
        <source>Ask the sender for a new link, and use it for what it was made for.</source>
        <translation>Demandez un nouveau lien à l’expéditeur et utilisez-le pour ce à quoi il est destiné.</translation>
    </message>
    <message>
        <source>Check the network, and that the coordinator runs. Devices already known keep working meanwhile.</source>
        <translation>Vérifiez le réseau et que le coordinateur fonctionne. Les appareils déjà connus restent utilisables entre-temps.</translation>
    </message>
    <message>
        <source>Choose another host, or stop the route on one of the other devices.</source>
        <translation>Choisissez un autre hôte, ou arrêtez la route sur l’un des autres appareils.</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>Choisissez un autre nom.</translation>
    </message>
    <message>
        <source>Choose another one; the list shows those there are.</source>
        <translation>Choisissez-en un autre&#xa0;; la liste montre ceux qui existent.</translation>
    </message>
    <message>
        <source>Choose another value; the setting is as it was before.</source>
        <translation>Choisissez une autre valeur&#xa0;; le paramètre est resté tel qu’il était.</translation>
    </message>
    <message>
        <source>Copy the whole line again from the coordinator&apos;s machine.</source>
        <translation>Copiez de nouveau toute la ligne depuis la machine du coordinateur.</translation>
    </message>
    <message>
        <source>Copy the whole link again, or ask for a new one.</source>
        <translation>Copiez de nouveau le lien en entier, ou demandez-en un autre.</translation>
    </message>
    <message>
        <source>Create a mesh, or join one by its invite link: the window shows both.</source>
        <translation>Créez un mesh, ou rejoignez-en un avec son lien d’invitation&#xa0;: la fenêtre propose les deux.</translation>
    </message>
    <message>
        <source>Do it on the device where the mesh was created, as the person who created it.</source>
        <translation>Faites-le sur l’appareil où le mesh a été créé, avec le compte de la personne qui l’a créé.</translation>
    </message>
    <message>
        <source>No answer came in time.</source>
        <translation>Aucune réponse n’est arrivée à temps.</translation>
    </message>
    <message>
        <source>On that device, tick “Allow routing” beside the name of this one.</source>
        <translation>Sur cet autre appareil, cochez «&#xa0;Autoriser le routage&#xa0;» à côté du nom de celui-ci.</translation>
    </message>
    <message>
        <source>Open the doctor on that device: it says why, and what to do.</source>
        <translation>Ouvrez le diagnostic sur cet appareil&#xa0;: il dit pourquoi et que faire.</translation>
    </message>
    <message>
        <source>Open the doctor: it looks for the usual causes.</source>
        <translation>Ouvrez le diagnostic&#xa0;: il cherche les causes habituelles.</translation>
    </message>
    <message>
        <source>Open the doctor: it names what is missing, and how to install it.</source>
        <translation>Ouvrez le diagnostic&#xa0;: il indique ce qui manque et comment l’installer.</translation>
    </message>
    <message>
        <source>Remove devices that are no longer used, or ask whoever runs the coordinator.</source>
        <translation>Retirez les appareils qui ne servent plus, ou adressez-vous à l’administrateur du coordinateur.</translation>
    </message>
    <message>
        <source>Rename one of them, so that each has a name of its own.</source>
        <translation>Renommez l’un d’eux, afin que chacun ait son propre nom.</translation>
    </message>
    <message>
        <source>Several devices answer to that name.</source>
        <translation>Plusieurs appareils portent ce nom.</translation>
    </message>
    <message>
        <source>Start it in a terminal with “systemctl start meshnetd”, as an administrator.</source>
        <translation>Démarrez-le dans un terminal avec «&#xa0;systemctl start meshnetd&#xa0;», en tant qu’administrateur.</translation>
    </message>
    <message>
        <source>Start the computer anew, or install Meshnet again.</source>
        <translation>Redémarrez l’ordinateur, ou réinstallez Meshnet.</translation>
    </message>
    <message>
        <source>Switch it on, check its network, and try again.</source>
        <translation>Allumez-le, vérifiez son réseau et réessayez.</translation>
    </message>
    <message>
        <source>That host itself routes through a chain that leads back to this device.</source>
        <translation>Cet hôte passe lui-même par une chaîne qui revient à cet appareil.</translation>
    </message>
    <message>
        <source>The coordinator does not answer, or is not the one that this device knows.</source>
        <translation>Le coordinateur ne répond pas, ou n’est pas celui que cet appareil connaît.</translation>
    </message>
    <message>
        <source>The coordinator does not let this line create a mesh.</source>
        <translation>Le coordinateur ne permet pas de créer un mesh avec cette ligne.</translation>
    </message>
    <message>
        <source>The coordinator has no free address left.</source>
        <translation>Le coordinateur n’a plus d’adresse libre.</translation>
    </message>
    <message>
        <source>The daemon does not answer.</source>
        <translation>Le service ne répond pas.</translation>
    </message>
    <message>
        <source>The daemon does not understand what this app asks.</source>
        <translation>Le service ne comprend pas ce que demande cette application.</translation>
    </message>
    <message>
        <source>The device cannot route the traffic of others.</source>
        <translation>L’appareil ne peut pas acheminer le trafic des autres.</translation>
    </message>
    <message>
        <source>The device has not allowed this one to route through it.</source>
        <translation>L’appareil n’a pas autorisé celui-ci à passer par lui.</translation>
    </message>
    <message>
        <source>The device is no longer in the mesh.</source>
        <translation>L’appareil n’est plus dans le mesh.</translation>
    </message>
    <message>
        <source>The device is offline and did not answer.</source>
        <translation>L’appareil est hors ligne et n’a pas répondu.</translation>
    </message>
    <message>
        <source>The doctor says what this system can do.</source>
        <translation>Le diagnostic dit ce que ce système permet.</translation>
    </message>
    <message>
        <source>The invite link has expired.</source>
        <translation>Le lien d’invitation a expiré.</translation>
    </message>
    <message>
        <source>The invite link is damaged, or the coordinator does not know it.</source>
        <translation>Le lien d’invitation est endommagé, ou le coordinateur ne le connaît pas.</translation>
    </message>
    <message>
        <source>The invite link was used already; each lets one device in.</source>
        <translation>Le lien d’invitation a déjà servi&#xa0;; chacun fait entrer un seul appareil.</translation>
    </message>
    <message>
        <source>The link is of another kind, or the mesh behind it is not the one it names.</source>
        <translation>Le lien est d’un autre type, ou le mesh auquel il mène n’est pas celui qu’il nomme.</translation>
    </message>
    <message>
        <source>The setting does not take that value.</source>
        <translation>Ce paramètre n’accepte pas cette valeur.</translation>
    </message>
    <message>
        <source>The system refused a step.</source>
        <translation>Le système a refusé une étape.</translation>
    </message>
    <message>
        <source>This app and the daemon are of versions that do not understand each other.</source>
        <translation>Les versions de cette application et du service ne se comprennent pas.</translation>
    </message>
    <message>
        <source>This device is in a mesh already.</source>
        <translation>Cet appareil est déjà dans un mesh.</translation>
    </message>
    <message>
        <source>This device is in no mesh yet.</source>
        <translation>Cet appareil n’est encore dans aucun mesh.</translation>
    </message>
    <message>
        <source>This needs the key of the mesh, which is not on this device.</source>
        <translation>Il faut pour cela la clé du mesh, qui n’est pas sur cet appareil.</translation>
    </message>
    <message>
        <source>This system or version cannot do that.</source>
        <translation>Ce système ou cette version ne le permet pas.</translation>
    </message>
    <message>
        <source>This user may not talk to the daemon.</source>
        <translation>Cet utilisateur n’a pas le droit de parler au service.</translation>
    </message>
    <message>
        <source>Try again.</source>
        <translation>Réessayez.</translation>
    </message>
    <message>
        <source>Update the older of the two, then start the app again.</source>
        <translation>Mettez à jour le plus ancien des deux, puis relancez l’application.</translation>
    </message>
    <message>
        <source>Use the account that made or joined the mesh, or one of the group “meshnet”.</source>
        <translation>Utilisez le compte qui a créé ou rejoint le mesh, ou un compte du groupe «&#xa0;meshnet&#xa0;».</translation>
    </message>
    <message>
        <source>Use the mesh it is in, or leave that one first.</source>
        <translation>Utilisez le mesh où il se trouve, ou quittez-le d’abord.</translation>
    </message>
    <message>
        <source>en</source>
        <comment>the code of the language of these texts, such as de or fr</comment>
        <translation>fr</translation>
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
        <translation>&amp;Apparence</translation>
    </message>
    <message>
        <source>&amp;Close</source>
        <translation>&amp;Fermer</translation>
    </message>
    <message>
        <source>&amp;General</source>
        <translation>&amp;Général</translation>
    </message>
    <message>
        <source>&amp;Hosting</source>
        <translation>&amp;Hôte</translation>
    </message>
    <message>
        <source>&amp;Language</source>
        <translation>&amp;Langue</translation>
    </message>
    <message>
        <source>&amp;Reach the network I am in while routed</source>
        <translation>&amp;Joindre mon réseau local quand une route est active</translation>
    </message>
    <message>
        <source>&amp;Start with my session</source>
        <translation>&amp;Démarrer à l’ouverture de session</translation>
    </message>
    <message>
        <source>&amp;Tell me when somebody begins to route through this device</source>
        <translation>&amp;M’avertir quand quelqu’un commence à passer par cet appareil</translation>
    </message>
    <message>
        <source>A blocked route, and one that is back, are always told.</source>
        <translation>Une route bloquée, et son retour, sont toujours signalés.</translation>
    </message>
    <message>
        <source>A name server of your choice</source>
        <translation>Un serveur de noms de votre choix</translation>
    </message>
    <message>
        <source>Add a fallback host</source>
        <translation>Ajouter un hôte de secours</translation>
    </message>
    <message>
        <source>Add a host…</source>
        <translation>Ajouter un hôte…</translation>
    </message>
    <message>
        <source>Address for other devices</source>
        <translation>Adresse pour les autres appareils</translation>
    </message>
    <message>
        <source>Address of the name server</source>
        <translation>Adresse du serveur de noms</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>Comme le système</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>Sombre</translation>
    </message>
    <message>
        <source>Fallback hosts</source>
        <translation>Hôtes de secours</translation>
    </message>
    <message>
        <source>Fallback hosts, in their order</source>
        <translation>Hôtes de secours, dans leur ordre</translation>
    </message>
    <message>
        <source>For names that only your own name server knows; it sees what you look up.</source>
        <translation>Pour les noms que seul votre propre serveur connaît&#xa0;; il voit ceux que vous recherchez.</translation>
    </message>
    <message>
        <source>For printers and other devices around you. Whoever is in that network can then reach this device too, and sees what you do there; leave it off in networks that you do not trust.</source>
        <translation>Pour les imprimantes et autres appareils proches. Quiconque est sur ce réseau peut alors joindre aussi cet appareil et voir ce que vous y faites&#xa0;; laissez l’option désactivée sur les réseaux peu sûrs.</translation>
    </message>
    <message>
        <source>From the start of the computer</source>
        <translation>Dès le démarrage de l’ordinateur</translation>
    </message>
    <message>
        <source>If the route fails, nothing goes out beside it until it is back or you stop it.</source>
        <translation>Si la route tombe, rien ne sort autrement jusqu’à son retour ou jusqu’à ce que vous l’arrêtiez.</translation>
    </message>
    <message>
        <source>If the route fails, traffic may go out directly and show your own address.</source>
        <translation>Si la route tombe, le trafic peut sortir directement et révéler votre propre adresse.</translation>
    </message>
    <message>
        <source>It is asked through the host.</source>
        <translation>Il est interrogé à travers l’hôte.</translation>
    </message>
    <message>
        <source>Kill switch</source>
        <translation>Kill switch</translation>
    </message>
    <message>
        <source>Language and appearance</source>
        <translation>Langue et apparence</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>Clair</translation>
    </message>
    <message>
        <source>Local network</source>
        <translation>Réseau local</translation>
    </message>
    <message>
        <source>Move &amp;down</source>
        <translation>&amp;Descendre</translation>
    </message>
    <message>
        <source>Move &amp;up</source>
        <translation>&amp;Monter</translation>
    </message>
    <message>
        <source>Name lookup (DNS)</source>
        <translation>Résolution de noms (DNS)</translation>
    </message>
    <message>
        <source>No further hosts</source>
        <translation>Aucun autre hôte</translation>
    </message>
    <message>
        <source>Nobody around you sees which names you look up.</source>
        <translation>Personne autour de vous ne voit les noms que vous recherchez.</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>Désactivé</translation>
    </message>
    <message>
        <source>On this desktop</source>
        <translation>Sur ce bureau</translation>
    </message>
    <message>
        <source>Only where you have forwarded a port in your router: the public address, and the port if it is another one. Meshnet finds everything else by itself.</source>
        <translation>Seulement si vous avez redirigé un port dans votre routeur&#xa0;: l’adresse publique, et le port s’il est différent. Meshnet trouve le reste tout seul.</translation>
    </message>
    <message>
        <source>Others cannot reach a device at this. It looks like 203.0.113.7 or 203.0.113.7:51820.</source>
        <translation>Les autres ne peuvent pas joindre un appareil ainsi. Il faut par exemple 203.0.113.7 ou 203.0.113.7:51820.</translation>
    </message>
    <message>
        <source>R&amp;emove</source>
        <translation>Re&amp;tirer</translation>
    </message>
    <message>
        <source>R&amp;outing</source>
        <translation>&amp;Routage</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>Paramètres</translation>
    </message>
    <message>
        <source>Starting with the session could not be changed: {reason}.</source>
        <translation>Le démarrage à l’ouverture de session n’a pas pu être modifié&#xa0;: {reason}.</translation>
    </message>
    <message>
        <source>Stop those who route through it</source>
        <translation>Arrêter ceux qui passent par lui</translation>
    </message>
    <message>
        <source>Tell them and go on</source>
        <translation>Les prévenir et continuer</translation>
    </message>
    <message>
        <source>The host</source>
        <translation>L’hôte</translation>
    </message>
    <message>
        <source>The icon is there when you have logged in. A route goes on without it.</source>
        <translation>L’icône est là dès l’ouverture de session. Une route continue sans elle.</translation>
    </message>
    <message>
        <source>The same; and after a restart nothing goes out until the wanted route is up.</source>
        <translation>Idem&#xa0;; de plus, après un redémarrage, rien ne sort avant que la route voulue soit établie.</translation>
    </message>
    <message>
        <source>Their traffic leaves by this device&apos;s own connection, and their app says so.</source>
        <translation>Leur trafic sort par la propre connexion de cet appareil, et leur application le leur dit.</translation>
    </message>
    <message>
        <source>Their traffic waits until the VPN is back; it never leaves by this device&apos;s own connection.</source>
        <translation>Leur trafic attend le retour du VPN&#xa0;; il ne sort jamais par la propre connexion de cet appareil.</translation>
    </message>
    <message>
        <source>They take over, the first that answers, while the host you chose is gone. When it is back, so is the route through it.</source>
        <translation>Le premier qui répond prend la relève tant que l’hôte choisi est absent. À son retour, la route repasse par lui.</translation>
    </message>
    <message>
        <source>This is no address. It looks like 9.9.9.9 or 2620:fe::fe.</source>
        <translation>Ce n’est pas une adresse. Il faut par exemple 9.9.9.9 ou 2620:fe::fe.</translation>
    </message>
    <message>
        <source>This system&apos;s own</source>
        <translation>Celui de ce système</translation>
    </message>
    <message>
        <source>When this device&apos;s own VPN drops</source>
        <translation>Quand le VPN de cet appareil tombe</translation>
    </message>
    <message>
        <source>While a route is wanted</source>
        <translation>Tant qu’une route est voulue</translation>
    </message>
    <message>
        <source>Who is asked while routed.</source>
        <translation>Qui est interrogé pendant une route.</translation>
    </message>
    <message>
        <source>the registry cannot be written</source>
        <translation>le registre ne peut pas être modifié</translation>
    </message>
</context>
<context>
    <name>State</name>
    <message>
        <source>A mesh connects your devices. Each can send its traffic through another one.</source>
        <translation>Un mesh relie vos appareils. Chacun peut envoyer son trafic par un autre.</translation>
    </message>
    <message>
        <source>Blocked: {reason}</source>
        <translation>Bloqué&#xa0;: {reason}</translation>
    </message>
    <message>
        <source>Connecting to {host}…</source>
        <translation>Connexion à {host}…</translation>
    </message>
    <message>
        <source>Connecting…</source>
        <translation>Connexion…</translation>
    </message>
    <message>
        <source>Down {received} · up {sent}</source>
        <translation>Reçu {received} · envoyé {sent}</translation>
    </message>
    <message>
        <source>Looking for the daemon</source>
        <translation>Recherche du service</translation>
    </message>
    <message>
        <source>Meshnet keeps looking by itself.</source>
        <translation>Meshnet continue de chercher tout seul.</translation>
    </message>
    <message>
        <source>Not in a mesh yet</source>
        <translation>Pas encore dans un mesh</translation>
    </message>
    <message>
        <source>Not routed</source>
        <translation>Aucune route</translation>
    </message>
    <message>
        <source>Paused until {time}</source>
        <translation>En pause jusqu’à {time}</translation>
    </message>
    <message>
        <source>The coordinator does not answer. Known devices keep working; new ones and changes wait.</source>
        <translation>Le coordinateur ne répond pas. Les appareils connus continuent de fonctionner&#xa0;; les nouveaux et les changements attendent.</translation>
    </message>
    <message>
        <source>The route goes on by itself when that is over; meanwhile nothing goes out beside it. Try again now, or stop routing to let traffic go out directly.</source>
        <translation>La route reprendra d’elle-même ensuite&#xa0;; entre-temps, rien ne sort autrement. Réessayez maintenant, ou arrêtez le routage pour que le trafic sorte directement.</translation>
    </message>
    <message>
        <source>This device&apos;s traffic goes out directly. Choose a host to send it through.</source>
        <translation>Le trafic de cet appareil sort directement. Choisissez un hôte par lequel l’envoyer.</translation>
    </message>
    <message>
        <source>Through {host}</source>
        <translation>Via {host}</translation>
    </message>
    <message>
        <source>Through {host} (for {chosen})</source>
        <translation>Via {host} (au lieu de {chosen})</translation>
    </message>
    <message>
        <source>Traffic goes out directly. At {time} it goes through {host} again.</source>
        <translation>Le trafic sort directement. À {time}, il repassera par {host}.</translation>
    </message>
    <message>
        <source>Traffic is being moved to the host.</source>
        <translation>Le trafic est en train de basculer vers l’hôte.</translation>
    </message>
    <message>
        <source>the chain of hosts leads back to this device</source>
        <translation>la chaîne d’hôtes revient à cet appareil</translation>
    </message>
    <message>
        <source>the host</source>
        <translation>l’hôte</translation>
    </message>
    <message>
        <source>the route carries nothing</source>
        <translation>rien ne passe par la route</translation>
    </message>
    <message>
        <source>the tunnel does not work</source>
        <translation>le tunnel ne fonctionne pas</translation>
    </message>
    <message>
        <source>this device has no network</source>
        <translation>cet appareil n’a pas de réseau</translation>
    </message>
    <message>
        <source>this system refused a step</source>
        <translation>ce système a refusé une étape</translation>
    </message>
    <message>
        <source>{host} does not answer</source>
        <translation>{host} ne répond pas</translation>
    </message>
    <message>
        <source>{host} has lost its own VPN</source>
        <translation>{host} a perdu son propre VPN</translation>
    </message>
    <message>
        <source>{host} no longer allows routing</source>
        <translation>{host} n’autorise plus le routage</translation>
    </message>
</context>
<context>
    <name>ThisDevice</name>
    <message>
        <source>&amp;Let my devices route through this one</source>
        <translation>&amp;Laisser mes appareils passer par celui-ci</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>Annuler</translation>
    </message>
    <message>
        <source>Connected to {url}</source>
        <translation>Connecté à {url}</translation>
    </message>
    <message>
        <source>Coordinator</source>
        <translation>Coordinateur</translation>
    </message>
    <message>
        <source>Copy: {what}</source>
        <translation>Copier&#xa0;: {what}</translation>
    </message>
    <message>
        <source>Hosting</source>
        <translation>Hôte</translation>
    </message>
    <message>
        <source>IPv4 address</source>
        <translation>Adresse IPv4</translation>
    </message>
    <message>
        <source>IPv6 address</source>
        <translation>Adresse IPv6</translation>
    </message>
    <message>
        <source>Lea&amp;ve the mesh…</source>
        <translation>&amp;Quitter le mesh…</translation>
    </message>
    <message>
        <source>Let it go on</source>
        <translation>Laisser reprendre</translation>
    </message>
    <message>
        <source>Let {name} go on</source>
        <translation>Laisser {name} reprendre</translation>
    </message>
    <message>
        <source>Look for &amp;problems…</source>
        <translation>Chercher des pro&amp;blèmes…</translation>
    </message>
    <message>
        <source>Mesh</source>
        <translation>Mesh</translation>
    </message>
    <message>
        <source>Name of this device: {name}</source>
        <translation>Nom de cet appareil&#xa0;: {name}</translation>
    </message>
    <message>
        <source>New name of this device</source>
        <translation>Nouveau nom de cet appareil</translation>
    </message>
    <message>
        <source>No longer allow {name} to route through this device</source>
        <translation>Ne plus autoriser {name} à passer par cet appareil</translation>
    </message>
    <message>
        <source>Nobody routes through this device now. Your devices may, whenever they want to.</source>
        <translation>Personne ne passe par cet appareil en ce moment. Vos appareils le peuvent quand ils veulent.</translation>
    </message>
    <message>
        <source>Nobody routes through this device. Allow it here for all your devices, or for one in its row.</source>
        <translation>Personne ne passe par cet appareil. Autorisez-le ici pour tous vos appareils, ou pour un seul sur sa ligne.</translation>
    </message>
    <message>
        <source>Public address</source>
        <translation>Adresse publique</translation>
    </message>
    <message>
        <source>Rena&amp;me…</source>
        <translation>Re&amp;nommer…</translation>
    </message>
    <message>
        <source>Revoke</source>
        <translation>Interdire</translation>
    </message>
    <message>
        <source>S&amp;ettings…</source>
        <translation>Paramè&amp;tres…</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>Enregistrer</translation>
    </message>
    <message>
        <source>Stop for 10 minutes</source>
        <translation>Arrêter 10 minutes</translation>
    </message>
    <message>
        <source>Stop {name} for 10 minutes</source>
        <translation>Arrêter {name} pendant 10 minutes</translation>
    </message>
    <message>
        <source>System</source>
        <translation>Système</translation>
    </message>
    <message>
        <source>This device can route the traffic of others.</source>
        <translation>Cet appareil peut acheminer le trafic des autres.</translation>
    </message>
    <message>
        <source>This device cannot route the traffic of others.</source>
        <translation>Cet appareil ne peut pas acheminer le trafic des autres.</translation>
    </message>
    <message>
        <source>This device cannot route the traffic of others: {reason}</source>
        <translation>Cet appareil ne peut pas acheminer le trafic des autres&#xa0;: {reason}</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>Version</translation>
    </message>
    <message>
        <source>Who routes through this device</source>
        <translation>Qui passe par cet appareil</translation>
    </message>
    <message>
        <source>received {received}, sent {sent}</source>
        <translation>reçu {received}, envoyé {sent}</translation>
    </message>
    <message>
        <source>since {time} · received {received}, sent {sent}</source>
        <translation>depuis {time} · reçu {received}, envoyé {sent}</translation>
    </message>
    <message>
        <source>stopped until {time}</source>
        <translation>arrêté jusqu’à {time}</translation>
    </message>
    <message>
        <source>{url} does not answer. Known devices keep working; new ones and changes wait.</source>
        <translation>{url} ne répond pas. Les appareils connus continuent de fonctionner&#xa0;; les nouveaux et les changements attendent.</translation>
    </message>
    <message>
        <source>… and reach my local &amp;network</source>
        <translation>… et joindre mon rés&amp;eau local</translation>
    </message>
</context>
<context>
    <name>Traffic</name>
    <message>
        <source>Down</source>
        <translation>Reçu</translation>
    </message>
    <message>
        <source>Down {down}, in all {all_down}. Up {up}, in all {all_up}. The most in five minutes: {peak}.</source>
        <translation>Reçu {down}, au total {all_down}. Envoyé {up}, au total {all_up}. Maximum en cinq minutes&#xa0;: {peak}.</translation>
    </message>
    <message>
        <source>Throughput of the last five minutes</source>
        <translation>Débit des cinq dernières minutes</translation>
    </message>
    <message>
        <source>Up</source>
        <translation>Envoyé</translation>
    </message>
    <message>
        <source>{amount} in all</source>
        <translation>{amount} au total</translation>
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
        <translation>Tous les appareils…</translation>
    </message>
    <message>
        <source>Create or join a mesh…</source>
        <translation>Créer ou rejoindre un mesh…</translation>
    </message>
    <message>
        <source>Devices in Meshnet</source>
        <translation>Appareils dans Meshnet</translation>
    </message>
    <message>
        <source>It cannot host: {reason}</source>
        <translation>Il ne peut pas être hôte&#xa0;: {reason}</translation>
    </message>
    <message>
        <source>Let my devices route through this one</source>
        <translation>Laisser mes appareils passer par celui-ci</translation>
    </message>
    <message>
        <source>No hosts yet</source>
        <translation>Pas encore d’hôte</translation>
    </message>
    <message>
        <source>Open Meshnet</source>
        <translation>Ouvrir Meshnet</translation>
    </message>
    <message>
        <source>Pause for 10 minutes</source>
        <translation>Pause de 10 minutes</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>Quitter</translation>
    </message>
    <message>
        <source>Quit (hosting goes on)</source>
        <translation>Quitter (reste hôte)</translation>
    </message>
    <message>
        <source>Quit (routing and hosting go on)</source>
        <translation>Quitter (la route continue, reste hôte)</translation>
    </message>
    <message>
        <source>Quit (routing goes on)</source>
        <translation>Quitter (la route continue)</translation>
    </message>
    <message>
        <source>Quit (routing resumes by itself)</source>
        <translation>Quitter (la route reprendra d’elle-même)</translation>
    </message>
    <message>
        <source>Resume now</source>
        <translation>Reprendre maintenant</translation>
    </message>
    <message>
        <source>Stop routing</source>
        <translation>Arrêter le routage</translation>
    </message>
    <message>
        <source>This device</source>
        <translation>Cet appareil</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>Réessayer</translation>
    </message>
    <message>
        <source>Unknown until the daemon answers</source>
        <translation>Inconnu tant que le service ne répond pas</translation>
    </message>
    <message>
        <source>and {count} others</source>
        <translation>et {count} autres</translation>
    </message>
    <message>
        <source>this device cannot route yet</source>
        <translation>cet appareil ne peut pas encore router</translation>
    </message>
    <message>
        <source>{name} routes through this device</source>
        <translation>{name} passe par cet appareil</translation>
    </message>
    <message>
        <source>{name}: {reason}</source>
        <translation>{name}&#xa0;: {reason}</translation>
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
        <translation>Rien ne sort de cet appareil tant que la route n’est pas rétablie.</translation>
    </message>
    <message>
        <source>The way of the traffic</source>
        <translation>Le trajet du trafic</translation>
    </message>
    <message>
        <source>The world sees the address of a hidden host.</source>
        <translation>Le monde voit l’adresse d’un hôte masqué.</translation>
    </message>
    <message>
        <source>The world sees the address of the VPN that {host} is on.</source>
        <translation>Le monde voit l’adresse du VPN qu’utilise {host}.</translation>
    </message>
    <message>
        <source>The world sees the address of {host}.</source>
        <translation>Le monde voit l’adresse de {host}.</translation>
    </message>
    <message>
        <source>The world sees this device&apos;s own address, {address}.</source>
        <translation>Le monde voit l’adresse de cet appareil, {address}.</translation>
    </message>
    <message>
        <source>The world sees this device&apos;s own address.</source>
        <translation>Le monde voit l’adresse de cet appareil.</translation>
    </message>
    <message>
        <source>The world sees {address}, the address of a hidden host.</source>
        <translation>Le monde voit {address}, l’adresse d’un hôte masqué.</translation>
    </message>
    <message>
        <source>The world sees {address}, the address of the VPN that {host} is on.</source>
        <translation>Le monde voit {address}, l’adresse du VPN qu’utilise {host}.</translation>
    </message>
    <message>
        <source>The world sees {address}, the address of {host}.</source>
        <translation>Le monde voit {address}, l’adresse de {host}.</translation>
    </message>
    <message>
        <source>This device</source>
        <translation>Cet appareil</translation>
    </message>
    <message>
        <source>Until the host answers, the world sees this device&apos;s own address.</source>
        <translation>Jusqu’à la réponse de l’hôte, le monde voit l’adresse de cet appareil.</translation>
    </message>
    <message>
        <source>VPN lost</source>
        <translation>VPN perdu</translation>
    </message>
    <message>
        <source>a hidden host</source>
        <translation>un hôte masqué</translation>
    </message>
    <message>
        <source>a hidden host&apos;s address</source>
        <translation>adresse d’un hôte masqué</translation>
    </message>
    <message>
        <source>being tried</source>
        <translation>en cours d’essai</translation>
    </message>
    <message>
        <source>broken</source>
        <translation>coupé</translation>
    </message>
    <message>
        <source>by its VPN</source>
        <translation>par son VPN</translation>
    </message>
    <message>
        <source>cannot host</source>
        <translation>ne peut pas être hôte</translation>
    </message>
    <message>
        <source>connecting…</source>
        <translation>connexion…</translation>
    </message>
    <message>
        <source>directly</source>
        <translation>directement</translation>
    </message>
    <message>
        <source>directly until {time}</source>
        <translation>directement jusqu’à {time}</translation>
    </message>
    <message>
        <source>does not answer</source>
        <translation>ne répond pas</translation>
    </message>
    <message>
        <source>instead of {host}</source>
        <translation>au lieu de {host}</translation>
    </message>
    <message>
        <source>leads back</source>
        <translation>revient ici</translation>
    </message>
    <message>
        <source>no answer</source>
        <translation>sans réponse</translation>
    </message>
    <message>
        <source>no network</source>
        <translation>pas de réseau</translation>
    </message>
    <message>
        <source>no tunnel</source>
        <translation>pas de tunnel</translation>
    </message>
    <message>
        <source>not allowed</source>
        <translation>non autorisé</translation>
    </message>
    <message>
        <source>nothing leaves</source>
        <translation>rien ne sort</translation>
    </message>
    <message>
        <source>system refused</source>
        <translation>refus du système</translation>
    </message>
    <message>
        <source>the VPN&apos;s address</source>
        <translation>adresse du VPN</translation>
    </message>
    <message>
        <source>the address of {host}</source>
        <translation>adresse de {host}</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>inconnu</translation>
    </message>
    <message>
        <source>works</source>
        <translation>fonctionne</translation>
    </message>
    <message>
        <source>your own address</source>
        <translation>votre propre adresse</translation>
    </message>
    <message>
        <source>{count} more hosts</source>
        <translation>{count} autres hôtes</translation>
    </message>
    <message>
        <source>{here} to {there}: {link}.</source>
        <translation>{here} vers {there}&#xa0;: {link}.</translation>
    </message>
    <message>
        <source>{host} has lost its own VPN: the world sees the address of its own connection.</source>
        <translation>{host} a perdu son propre VPN&#xa0;: le monde voit l’adresse de sa propre connexion.</translation>
    </message>
    <message>
        <source>{one} and {other}</source>
        <translation>{one} et {other}</translation>
    </message>
</context>
<context>
    <name>Window</name>
    <message>
        <source>&amp;Settings</source>
        <translation>Para&amp;mètres</translation>
    </message>
    <message>
        <source>Dismiss</source>
        <translation>Masquer</translation>
    </message>
    <message>
        <source>External devices</source>
        <translation>Appareils externes</translation>
    </message>
    <message>
        <source>This device</source>
        <translation>Cet appareil</translation>
    </message>
    <message>
        <source>Your devices</source>
        <translation>Vos appareils</translation>
    </message>
</context>
</TS>
