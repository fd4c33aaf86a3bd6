package org.mobilevos.jvm;

import org.mobilevos.core.Artifact;
import org.mobilevos.core.Engine;
import org.mobilevos.core.EngineOptions;
import org.mobilevos.core.EngineProvider;

/** Opens artifacts with {@link LiteRtEngine}: on the CPU, whatever delegate is asked for. */
public final class LiteRtProvider extends EngineProvider {
    @Override
    public String runtime() {
        return "LiteRT";
    }

    @Override
    public Engine open(Artifact artifact, EngineOptions options) {
        return new LiteRtEngine(LiteRt.load(), artifact, options);
    }
}
