package org.mobilevos.demo;

import org.mobilevos.core.Artifact;
import org.mobilevos.core.Engine;
import org.mobilevos.core.EngineOptions;
import org.mobilevos.core.EngineProvider;

/** LiteRT, for the core, which finds it through META-INF/services. */
public final class LiteRtEngineProvider extends EngineProvider {
    @Override
    public String runtime() {
        return "litert";
    }

    @Override
    public Engine open(Artifact artifact, EngineOptions options) {
        return new LiteRtEngine(artifact, options);
    }
}
