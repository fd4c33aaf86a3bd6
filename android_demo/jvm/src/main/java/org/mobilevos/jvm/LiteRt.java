package org.mobilevos.jvm;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import org.mobilevos.core.EngineException;

/**
 * The functions of LiteRT's C API (libLiteRt.so 2.3, as in the wheel ai-edge-litert) that run a model on the CPU of a
 * 64-bit machine. Every handle is a pointer, every size a size_t, and every status 0 where all went well.
 */
interface LiteRt extends Library {
    /** The system property with the path of libLiteRt.so. */
    String PATH_PROPERTY = "mobilevos.litert";

    int CPU = 1;
    int HOST_MEMORY = 1;
    int FLOAT32 = 1;
    /** Who reads the CPU's options, which are TOML: {@code num_threads = 2}. */
    String CPU_OPTIONS = "xnnpack";

    int LiteRtCreateEnvironment(int optionCount, Pointer options, PointerByReference environment);

    void LiteRtDestroyEnvironment(Pointer environment);

    int LiteRtCreateOptions(PointerByReference options);

    void LiteRtDestroyOptions(Pointer options);

    int LiteRtSetOptionsHardwareAccelerators(Pointer options, int accelerators);

    /** The options own the data; `destroy` is the function that frees it. */
    int LiteRtCreateOpaqueOptions(String identifier, Pointer data, Pointer destroy, PointerByReference options);

    /** The options then belong to those that they are added to. */
    int LiteRtAddOpaqueOptions(Pointer options, Pointer added);

    int LiteRtCreateModelFromBuffer(Pointer environment, Pointer buffer, long size, PointerByReference model);

    void LiteRtDestroyModel(Pointer model);

    int LiteRtGetNumModelSignatures(Pointer model, LongByReference count);

    int LiteRtGetModelSignature(Pointer model, long index, PointerByReference signature);

    int LiteRtGetSignatureKey(Pointer signature, PointerByReference key);

    int LiteRtGetNumSignatureInputs(Pointer signature, LongByReference count);

    int LiteRtGetSignatureInputName(Pointer signature, long index, PointerByReference name);

    int LiteRtGetNumSignatureOutputs(Pointer signature, LongByReference count);

    int LiteRtGetSignatureOutputName(Pointer signature, long index, PointerByReference name);

    int LiteRtCreateCompiledModel(Pointer environment, Pointer model, Pointer options, PointerByReference compiled);

    void LiteRtDestroyCompiledModel(Pointer compiled);

    int LiteRtCreateManagedTensorBuffer(
            Pointer environment, int bufferType, Pointer tensorType, long size, PointerByReference buffer);

    int LiteRtGetTensorBufferHostMemory(Pointer buffer, PointerByReference memory);

    void LiteRtDestroyTensorBuffer(Pointer buffer);

    int LiteRtRunCompiledModel(
            Pointer compiled, long signature, long inputCount, Pointer inputs, long outputCount, Pointer outputs);

    /**
     * Loads the library.
     *
     * @throws EngineException no path is given, or the library cannot be loaded
     */
    static LiteRt load() {
        String path = System.getProperty(PATH_PROPERTY);
        if (path == null) {
            throw new EngineException("LiteRT is not found; start Java with -D" + PATH_PROPERTY
                    + "=.../ai_edge_litert/libLiteRt.so, which 'pip install ai-edge-litert' brings");
        }
        try {
            return Native.load(path, LiteRt.class);
        } catch (UnsatisfiedLinkError error) {
            throw new EngineException(
                    path + " cannot be loaded (" + error.getMessage() + "); install ai-edge-litert again", error);
        }
    }
}
