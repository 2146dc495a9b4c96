using System.CommandLine;
using Signalbox.Core.Runs;
using Signalbox.Engine.Control;
using Signalbox.Engine.Variants;
using Signalbox.Storage;

namespace Signalbox.App.Cli;

/// <summary><c>deploy</c> and <c>undeploy</c>: a second definition of a pipeline runs beside the live one, or no longer does.</summary>
internal static class DeployVerb
{
    public static readonly Verb Verb = new("deploy", "Run another version of a pipeline beside the live one", Build);

    public static readonly Verb Undeploy = new("undeploy", "End a version that runs beside the live one", BuildUndeploy);

    private static Command Build()
    {
        var command = VerbParts.Command(
            Verb.Name,
            "Deploys a file as a variant of the pipeline that it names. From then on every tick of the pipeline's schedule makes two runs, the live one "
                + "(blue) and that of the variant, which writes to places of its own. Nobody reads those before `promote`.",
            "deploy candidates/revenue.yaml --as green --reason \"new attribution\"",
            "backfill revenue --variant green --last 7d"
        );
        var file = new Argument<string>("FILE") { Description = "A pipeline file; the name in it is that of a pipeline of the project" };
        var name = new Option<string>("--as")
        {
            Description = "The name of the variant, e.g. green",
            HelpName = "NAME",
            Required = true,
        };
        command.Arguments.Add(file);
        command.Options.Add(name);
        Asking.SetAction(
            command,
            "deployed by hand",
            (parsed, project, reason) =>
            {
                var variant = parsed.GetRequiredValue(name);
                if (RunNamespace.VariantProblem(variant) is { } problem)
                {
                    throw new UserMistakeException($"--as: {problem}");
                }

                var candidate = PipelineSource.Load(parsed.GetRequiredValue(file), project);
                PipelineSource.RequireSecrets(candidate, project);
                var live = PipelineSource.Load(candidate.Pipeline!.Name.Value, project);
                if (ActiveFlag.Problem(project, live.Pipeline!) is { } flag)
                {
                    throw new UserMistakeException($"{live.File}: {flag}");
                }

                project.CreateState();
                using var store = Store.Open(project.Database.Value);
                PipelineSource.SaveAsync(store, live).GetAwaiter().GetResult();
                var version = PipelineSource.SaveCandidateAsync(store, candidate).GetAwaiter().GetResult();
                return new Request.Deploy(candidate.Pipeline!.Name.Value, variant, version.Value, candidate.File, reason);
            }
        );
        return command;
    }

    private static Command BuildUndeploy()
    {
        var command = VerbParts.Command(
            Undeploy.Name,
            "Ends a variant: it gets no more runs. What it made stays where it is. A variant that readers are served cannot be ended.",
            "undeploy revenue --variant green --reason \"it is the live version now\""
        );
        var pipeline = new Argument<string>("PIPELINE") { Description = "The name of a pipeline" };
        var variant = new Option<string>("--variant")
        {
            Description = "The name of the variant",
            HelpName = "NAME",
            Required = true,
        };
        command.Arguments.Add(pipeline);
        command.Options.Add(variant);
        Asking.SetAction(
            command,
            "ended by hand",
            (parsed, _, reason) => new Request.Undeploy(parsed.GetRequiredValue(pipeline), parsed.GetRequiredValue(variant), reason)
        );
        return command;
    }
}
