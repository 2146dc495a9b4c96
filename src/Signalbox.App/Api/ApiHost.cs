using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Signalbox.App.Serve;
using Signalbox.Engine.Control;

namespace Signalbox.App.Api;

/// <summary>Puts the API into a web host: what it needs, the order in which a call goes through it, and all its addresses.</summary>
internal static class ApiHost
{
    private const int DeepestBody = 32;

    public static void AddApi(this WebApplicationBuilder builder, EngineSession engine, ServerOptions options)
    {
        var services = builder.Services;
        services.AddSingleton(engine);
        services.AddSingleton(engine.Project);
        services.AddSingleton(engine.Store);
        services.AddSingleton(options);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<SignInThrottle>();
        services.AddSingleton<Doorkeeper>();
        services.AddSingleton<SetUp>();
        services.AddSingleton<ChangeBell>();
        services.AddSingleton<Engine.Logs.LogPlaces>();
        services.AddSingleton<AirflowCalls>();
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, AirflowJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.MaxDepth = DeepestBody;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.RespectRequiredConstructorParameters = true;
            json.SerializerOptions.RespectNullableAnnotations = true;
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services
            .AddAuthentication(AccessHandler.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, AccessHandler>(AccessHandler.SchemeName, displayName: null, configureOptions: null);
        services.AddAuthorization(Policies.AddTo);
        ApiDescription.AddTo(services);
    }

    /// <exception cref="InvalidOperationException">An address does not say who may call it.</exception>
    public static void UseApi(this WebApplication web, Action<string> say)
    {
        web.UseMiddleware<ProblemAnswers>(say);
        web.UseMiddleware<DoorRules>();
        web.UseRouting();
        web.UseAuthentication();
        web.UseAuthorization();
        HealthEndpoints.Map(web);
        SessionEndpoints.Map(web);
        PipelineEndpoints.Map(web);
        VariantEndpoints.Map(web);
        BreakerEndpoints.Map(web);
        RunEndpoints.Map(web);
        RunWriteEndpoints.Map(web);
        LogEndpoints.Map(web);
        DatasetEndpoints.Map(web);
        ResolveEndpoints.Map(web);
        BackfillEndpoints.Map(web);
        BackfillWriteEndpoints.Map(web);
        WatermarkEndpoints.Map(web);
        InboxEndpoints.Map(web);
        SignalEndpoints.Map(web);
        RejectedEndpoints.Map(web);
        ForesightEndpoints.Map(web);
        AlertEndpoints.Map(web);
        PeopleEndpoints.Map(web);
        PeopleWriteEndpoints.Map(web);
        AccessEndpoints.Map(web);
        SecretEndpoints.Map(web);
        AirflowEndpoints.Map(web);
        EventEndpoints.Map(web);
        HookEndpoints.Map(web);
        PageEndpoints.Map(web);
        ApiDescription.Map(web);
        PageFiles.Map(web);
        Policies.Require(web);
    }
}
