using Signalbox.Core;
using Signalbox.Core.Definitions;
using Signalbox.Core.Runs;
using Signalbox.Engine.Variants;
using Signalbox.Storage;

namespace Signalbox.Engine.Control;

/// <summary>Carries out what is asked about variants: which definitions run beside the live one, and which of them readers are served.</summary>
internal sealed class VariantDesk(EngineParts parts)
{
    private const int MostSwitches = 10_000;

    private DateTimeOffset Now => parts.Time.GetUtcNow();

    /// <summary>A deployed variant.</summary>
    /// <exception cref="RequestRefused">There is none of that name.</exception>
    public static Variant Known(ReadSession session, PipelineName pipeline, string name)
    {
        var all = session.Variants(pipeline);
        return all.FirstOrDefault(variant => variant.Name.Value == name)
            ?? throw new RequestRefused(
                all.Count == 0
                    ? $"{pipeline} has no variant `{name}`: deploy one with `signalbox deploy FILE --as {name}`"
                    : $"{pipeline} has no variant `{name}`{Suggestion.DidYouMean(name, all.Select(variant => variant.Name.Value))}; deployed: {Names(all)}"
            );
    }

    /// <summary>The definition of a run that names none: that of the variant it is of; null takes the live one.</summary>
    /// <exception cref="RequestRefused">Its variant is not deployed.</exception>
    public static string? VersionOf(ReadSession session, Request.StartRun start) =>
        start.Namespace is { } name ? Known(session, new PipelineName(start.Pipeline), name).Version.Value : null;

    public Deed Deploy(Request.Deploy wanted, string who, WriteSession session)
    {
        var name = new PipelineName(wanted.Pipeline);
        if (RunNamespace.VariantProblem(wanted.Variant) is { } problem)
        {
            throw new RequestRefused($"--as: {problem}");
        }

        var live = session.Pipeline(name)?.Version ?? throw NoPipeline(name);
        var variant = new RunNamespace(wanted.Variant);
        var version = new VersionHash(wanted.Version);
        var definition = session.Definition(name, version) ?? throw new RequestRefused($"{name} has no definition {version}");
        var before = session.Variant(name, variant);
        if (session.ActiveVariant(name) == variant && before?.Version != version)
        {
            throw new RequestRefused(
                $"{variant} is what readers of {name} are served: deploy under another name, compare, and promote that; or roll back first"
            );
        }

        if (
            session.Definition(name, live)!.Pipeline.Schedule is not null
            && ParamChecker.Check(definition.Pipeline, "{}") is { Json: null } needs
        )
        {
            throw new RequestRefused(
                $"{name} is scheduled, and {wanted.SourceFile} cannot run without being given parameters: "
                    + string.Join("; ", needs.Problems.Select(each => $"{each.Path}: {each.Message}"))
            );
        }

        session.SaveVariant(new Variant(name, variant, version, wanted.SourceFile, who, wanted.Reason, Now));
        session.AddAudit(new AuditLine(Now, who, $"deploy {name} as {variant}: version {version}", wanted.Reason));
        var same = version == live ? "; it is the live definition itself" : "";
        return new Deed(
            new Answer(
                Done: true,
                Number: null,
                $"{name}: version {version} is deployed as {variant}{(before is null ? "" : $", in place of {before.Version}")}{same}; "
                    + $"its outputs go to {Path.Combine(".signalbox", Outputs.Targets.NamespacesFolder, variant.Value)}, and readers are still served "
                    + RunNamespace.NameOf(session.ActiveVariant(name))
            )
        );
    }

    public Deed Undeploy(Request.Undeploy wanted, string who, WriteSession session)
    {
        var name = new PipelineName(wanted.Pipeline);
        var variant = Known(session, name, wanted.Variant).Name;
        if (session.ActiveVariant(name) == variant)
        {
            throw new RequestRefused(
                $"readers of {name} are served {variant}: `signalbox rollback {name} --reason ...` first, or promote another variant"
            );
        }

        session.EndVariant(name, variant);
        session.AddAudit(new AuditLine(Now, who, $"undeploy {variant} of {name}", wanted.Reason));
        return new Deed(
            new Answer(Done: true, Number: null, $"{name}: {variant} gets no more runs; what it made stays where it is until it is deleted")
        );
    }

    public Deed Promote(Request.PromoteVariant wanted, string who, WriteSession session)
    {
        var name = new PipelineName(wanted.Pipeline);
        var live = session.Pipeline(name)?.Version ?? throw NoPipeline(name);
        var active = session.ActiveVariant(name);
        var to = Chosen(wanted, name, active, session);
        if (to == active)
        {
            throw new RequestRefused($"readers of {name} are served {RunNamespace.NameOf(to)} already");
        }

        var toVersion = VersionBehind(session, name, to, live);
        if (!wanted.Force && session.Shadow(name, live, toVersion) is { Clean: false } verdict)
        {
            return new Deed(
                new Answer(
                    Done: false,
                    verdict.Id,
                    $"not promoted: the last comparison of {toVersion} with {live} (shadow {verdict.Id}) was not clean: {verdict.CleanDates} of "
                        + $"{verdict.Dates} dates clean, {verdict.Missing} rows missing, {verdict.Extra} extra, {verdict.Different} different. "
                        + $"`signalbox variants {name}` shows it; mend the candidate and compare again, or promote with --force"
                )
            );
        }

        return Switch(VariantSwitchKind.Promote, name, active, to, live, wanted.Reason, who, session);
    }

    public Deed Rollback(Request.RollbackVariant wanted, string who, WriteSession session)
    {
        var name = new PipelineName(wanted.Pipeline);
        var live = session.Pipeline(name)?.Version ?? throw NoPipeline(name);
        var active = session.ActiveVariant(name);
        if (active is null)
        {
            throw new RequestRefused($"readers of {name} are served {RunNamespace.Blue}, the live version: there is nothing to go back to");
        }

        return Switch(VariantSwitchKind.Rollback, name, active, Before(session, name), live, wanted.Reason, who, session);
    }

    private Deed Switch(
        VariantSwitchKind kind,
        PipelineName name,
        RunNamespace? from,
        RunNamespace? to,
        VersionHash live,
        string reason,
        string who,
        WriteSession session
    )
    {
        var made = new VariantSwitch(
            Id: 0,
            name,
            kind,
            from,
            VersionBehind(session, name, from, live),
            to,
            VersionBehind(session, name, to, live),
            who,
            reason,
            Now
        );
        var id = session.AddVariantSwitch(made);
        session.AddAudit(
            new AuditLine(
                Now,
                who,
                $"{(kind == VariantSwitchKind.Promote ? "promote" : "rollback")} {name} to {RunNamespace.NameOf(to)}",
                reason
            )
        );
        ActiveFlag.Tell(session, made with { Id = id });
        return new Deed(
            new Answer(
                Done: true,
                id,
                $"{name}: readers are served {RunNamespace.NameOf(to)} (version {made.ToVersion}), no longer {RunNamespace.NameOf(from)}"
                    + (to is { } variant ? Lacking(session, name, variant) : "")
            ),
            Then: parts.Outbox.Ring
        );
    }

    /// <summary>What readers should know: where the variant has nothing, they are served the live version.</summary>
    private string Lacking(WriteSession session, PipelineName name, RunNamespace variant)
    {
        var has = session.CurrentOf(name, variant).Select(version => version.Path).ToHashSet(StringComparer.Ordinal);
        var live = session.CurrentOf(name, space: null);
        var lacks = live.Count(version =>
            !has.Contains(Outputs.Targets.Output(parts.Project.Folder, parts.Project.StateFolder, variant, version.Path))
        );
        return lacks == 0
            ? ""
            : $"; {variant} has not made {lacks} of the {live.Count} outputs of {RunNamespace.Blue}, which are served from {RunNamespace.Blue} "
                + $"until it does: `signalbox backfill {name} --variant {variant} ...`";
    }

    private static RunNamespace? Chosen(Request.PromoteVariant wanted, PipelineName name, RunNamespace? active, WriteSession session)
    {
        if (wanted.Variant == RunNamespace.Blue)
        {
            return null;
        }

        if (wanted.Variant is { } named)
        {
            return Known(session, name, named).Name;
        }

        var others = session.Variants(name).Where(variant => variant.Name != active).ToList();
        return others switch
        {
            [var only] => only.Name,
            [] => throw new RequestRefused(
                active is null
                    ? $"{name} has no variant to promote: deploy one with `signalbox deploy FILE --as green`"
                    : $"readers of {name} are served {active} already, and no other variant is deployed"
            ),
            _ => throw new RequestRefused($"{name} has several variants; say which with --variant: {Names(others)}"),
        };
    }

    /// <summary>What was active before the active variant was promoted, as far as it is still deployed.</summary>
    private static RunNamespace? Before(WriteSession session, PipelineName name)
    {
        var stack = new Stack<RunNamespace?>();
        foreach (var made in session.VariantSwitches(name, MostSwitches).Reverse())
        {
            if (made.Kind == VariantSwitchKind.Promote)
            {
                stack.Push(made.From);
            }
            else
            {
                stack.TryPop(out _);
            }
        }

        while (stack.TryPop(out var before))
        {
            if (before is not { } variant || session.Variant(name, variant) is not null)
            {
                return before;
            }
        }

        return null;
    }

    private static VersionHash VersionBehind(WriteSession session, PipelineName name, RunNamespace? variant, VersionHash live) =>
        variant is { } known ? session.Variant(name, known)!.Version : live;

    private static string Names(IEnumerable<Variant> variants) => string.Join(", ", variants.Select(variant => variant.Name.Value));

    private static RequestRefused NoPipeline(PipelineName name) => new($"there is no pipeline `{name}`");
}
